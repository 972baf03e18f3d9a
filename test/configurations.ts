/** What is judged: every setting that changes which resources there are, or their policies, in both positions. */
export const CONFIGURATIONS = {
  default: {},
  bare: { jumpHost: 'none', objectLockMode: 'none', flowLogs: false, schedule: 'none', onDestroy: 'delete' },
  full: {
    jumpHost: 'always',
    objectLockMode: 'compliance',
    multiAz: true,
    deletionProtection: true,
    intakeSources: [
      { name: 'web', principal: 'arn:aws:iam::123456789012:role/WebVm', refuse: ['**/*.key'] },
      { name: 'logs' },
    ],
    databases: ['app', 'orders'],
    notifyEmail: 'owner@example.com',
  },
} as const satisfies Readonly<Record<string, object>>;

/** Name of one of {@link CONFIGURATIONS}. */
export type ConfigurationName = keyof typeof CONFIGURATIONS;

/** For `describe.each`. */
export const CONFIGURATION_NAMES = Object.keys(CONFIGURATIONS) as ConfigurationName[];
