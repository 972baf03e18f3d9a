import { z } from 'zod';
import { ENGINES } from '../../../contract/engines';
import { VERSIONS } from '../../../contract/engine-versions';
import { EXISTING_DATABASE, OWN_DATABASE } from '../settings/database';
import { needed, only, type Rule, rule } from './rule';

/** Decided here: a connection in plain text is not offered. */
const TLS_PARAMETERS = ['rds.force_ssl', 'require_secure_transport'];

const minuteOfDay = (clock: string): number => {
  const [hours = 0, minutes = 0] = clock.split(':').map(Number);
  return hours * 60 + minutes;
};

/** What the settings of the database must hold together. */
export const DATABASE_RULES: readonly Rule[] = [
  rule(
    'engineVersion',
    { engine: z.enum(ENGINES), engineVersion: z.string() },
    ({ engine, engineVersion }, given) => {
      const { pattern, makes, accepted } = VERSIONS[engine];
      const enough = pattern.test(engineVersion) && (given.has('databaseHost') || makes.test(engineVersion));
      return enough ? undefined : `must be ${accepted}, in quotes`;
    },
  ),
  rule('databaseParameters', { databaseParameters: z.record(z.string(), z.string()) }, (settings) => {
    const fixed = TLS_PARAMETERS.filter((name) => name in settings.databaseParameters);
    return fixed.length > 0 ? `must not hold ${fixed.join(', ')}: TLS is always demanded` : undefined;
  }),
  rule('databaseBackupWindow', { databaseBackupWindow: z.string() }, ({ databaseBackupWindow: window }) => {
    const [start = 0, end = 0] = window.split('-').map(minuteOfDay);
    return (end - start + 1440) % 1440 < 30 ? 'must be half an hour or longer' : undefined;
  }),
  ...needed(
    ['vpcId', 'engineVersion', 'databaseSecurityGroupId', 'databaseSecretArn'],
    'databaseHost',
    'nothing is looked up, and the tools on a box must be of the version of the server',
  ),
  ...only(
    EXISTING_DATABASE.filter((name) => name !== 'databaseHost'),
    'with',
    'databaseHost',
    'the stack makes its own database',
  ),
  ...only(
    [...OWN_DATABASE, 'databaseSubnetIds'],
    'without',
    'databaseHost',
    'it is about the database that the stack would make',
  ),
];
