import type { Json } from './file';

/** Decided by the VPC that was chosen: taken out where the choice leaves them open. */
const NETWORK = [
  'vpcId',
  'boxSubnetIds',
  's3EndpointId',
  'databaseSubnetIds',
  'egress',
  's3PrefixListId',
  'flowLogs',
];

/** What a database that exists is described by. */
export const OF_EXISTING_DATABASE = [
  'databaseHost',
  'databasePort',
  'databaseSecurityGroupId',
  'databaseSecretArn',
  'databaseSecretKeyArn',
];

/** What means nothing where the database exists. */
export const OF_OWN_DATABASE = [
  'instanceClass',
  'storageGiB',
  'multiAz',
  'databaseParameters',
  'databaseBackupDays',
  'databaseBackupWindow',
  'deletionProtection',
];

/** What belongs to the server that was there before. */
const OF_SERVER = ['engine', 'engineVersion', 'databaseName', 'databases', 'databaseCa'];

/** The settings as they will be: what was found, what was there and still fits, and nothing that would contradict. */
export function merged(before: Json, found: Json): Json {
  const existing = 'databaseHost' in found;
  const another = existing ? before.databaseHost !== found.databaseHost : 'databaseHost' in before;
  const gone = [
    ...NETWORK,
    ...OF_EXISTING_DATABASE,
    ...(existing ? OF_OWN_DATABASE : []),
    ...(another ? OF_SERVER : []),
  ];
  const kept = Object.entries(before).filter(([name]) => !gone.includes(name));
  return { ...Object.fromEntries(kept), ...found };
}

/** The difference in lines: `+ name: value`, `- name: value`. */
export function difference(before: Json, after: Json): string[] {
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  const line = (sign: string, name: string, of: Json): string[] =>
    name in of ? [`${sign} ${name}: ${JSON.stringify(of[name])}`] : [];
  return names
    .filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
    .flatMap((name) => [...line('-', name, before), ...line('+', name, after)]);
}
