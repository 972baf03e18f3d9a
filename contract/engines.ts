/** Database engines that backups are taken of. */
export const ENGINES = ['postgres', 'mysql', 'mariadb'] as const;

/** One of {@link ENGINES}. */
export type Engine = (typeof ENGINES)[number];
