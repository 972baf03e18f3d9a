import type { Settings } from './schema';

/** Some properties, none of which is missing. */
type Complete<K extends keyof Settings> = Settings & { readonly [P in K]: NonNullable<Settings[P]> };

const isComplete = <K extends keyof Settings>(
  settings: Settings,
  names: readonly K[],
): settings is Complete<K> => names.every((name) => settings[name] !== undefined);

/** The same settings, when `names` are all there; the rules of settings see to it that they are, or none. */
const complete = <K extends keyof Settings>(settings: Settings, names: readonly K[]) =>
  isComplete(settings, names) ? settings : undefined;

/** Of a VPC that exists; undefined when the stack makes its own. */
export const existingNetworkOf = (settings: Settings) =>
  complete(settings, ['vpcId', 'boxSubnetIds', 's3EndpointId']);

/** Of a database that exists; undefined when the stack makes its own. */
export const existingDatabaseOf = (settings: Settings) =>
  complete(settings, ['databaseHost', 'databaseSecurityGroupId', 'databaseSecretArn']);
