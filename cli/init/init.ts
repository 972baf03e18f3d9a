import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { KMSClient } from '@aws-sdk/client-kms';
import { RDSClient } from '@aws-sdk/client-rds';
import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { EXIT } from '../../contract/exit-codes';
import { clientSettings } from '../aws/settings';
import type { Context } from '../framework/command';
import { explain } from '../framework/explain';
import { Problem } from '../framework/problem';
import { choose, type Choice } from './choose';
import { engineOf, findDatabases, type Found, vpcOf } from './databases';
import { type Json, SettingsFile } from './file';
import { difference, merged } from './merge';
import { boxPlaces, databasePlaces, survey } from './network';
import { secretSettings } from './secret';

/** Options of `drawbridge init`. */
export interface InitOptions {
  readonly vpc?: string;
  readonly secret?: string;
  readonly databaseName?: string;
  readonly file: string;
  readonly dryRun?: boolean;
}

/** The clients; all only read. */
interface Account {
  readonly ec2: EC2Client;
  readonly rds: RDSClient;
  readonly secrets: SecretsManagerClient;
  readonly kms: KMSClient;
}

/** What the settings are to be about. */
type Wanted = { readonly database: Found } | { readonly vpcId: string };

/** Finds what the settings need, shows what changes in the file, and writes it. */
export async function initialise(
  context: Context,
  options: InitOptions,
  named: string | undefined,
): Promise<void> {
  const file = new SettingsFile(options.file);
  const settings = clientSettings(context);
  const account = {
    ec2: new EC2Client(settings),
    rds: new RDSClient(settings),
    secrets: new SecretsManagerClient(settings),
    kms: new KMSClient(settings),
  };
  try {
    const wanted = await chosen(context, account, options, named);
    const found =
      'database' in wanted
        ? await ofDatabase(context, account, options, wanted.database)
        : await ofVpc(account, wanted.vpcId);
    const after = merged(file.settings, found);
    const lines = difference(file.settings, after);
    const isWritten = options.dryRun !== true && lines.length > 0;
    if (isWritten) file.write(after);
    context.ui.result(
      { file: options.file, isWritten, settings: after, difference: lines },
      [...lines, lastLine(options, lines.length)].join('\n'),
    );
  } catch (error) {
    throw readingRefused(error, context);
  } finally {
    for (const client of Object.values(account)) client.destroy();
  }
}

function lastLine({ file, dryRun }: InitOptions, changes: number): string {
  if (changes === 0) return `${file} says so already.`;
  return dryRun === true
    ? `${file} was not changed.`
    : `Written to ${file}. Look at it with \`npx cdk diff\`.`;
}

/** Nothing of the stack's own policies helps here. */
function readingRefused(error: unknown, context: Context): unknown {
  const problem = explain(error, context);
  if (problem.exitCode !== EXIT.notAllowed) return error;
  return new Problem(
    EXIT.notAllowed,
    problem.message,
    'This command only reads: the policy ViewOnlyAccess with secretsmanager:DescribeSecret and kms:DescribeKey is enough.',
  );
}

async function chosen(
  context: Context,
  account: Account,
  { vpc }: InitOptions,
  named: string | undefined,
): Promise<Wanted> {
  if (named === undefined && vpc !== undefined) return { vpcId: vpc };
  const databases = await context.ui.step('Look for databases', () => findDatabases(account.rds));
  if (named === undefined) {
    const { Vpcs = [] } = await account.ec2.send(new DescribeVpcsCommand({}));
    const choices: Choice<Wanted>[] = [
      ...databases.map((database) => ({
        label: `${database.id}  ${database.kind}, ${database.rdsEngine} ${database.version}`,
        value: { database },
      })),
      ...Vpcs.map(({ VpcId: vpcId = '', CidrBlock = '', Tags = [] }) => ({
        label: `${vpcId}  ${CidrBlock} ${Tags.find(({ Key }) => Key === 'Name')?.Value ?? ''}: a database of its own there`,
        value: { vpcId },
      })),
    ];
    if (choices.length === 0)
      throw new Problem(
        EXIT.notFound,
        'This account has neither database nor VPC in this region.',
        'Choose another with --region, or deploy without: `npx cdk deploy` makes both.',
      );
    return choose(context, 'For which database or VPC?', choices);
  }
  const database = databases.find(({ id }) => id === named);
  if (database !== undefined) return { database };
  const ids = databases.map(({ id }) => id).join(', ');
  throw new Problem(
    EXIT.notFound,
    `There is no database "${named}" that backups can be taken of in this region${ids === '' ? '' : `; there are ${ids}`}.`,
    'An instance of a cluster goes by the name of its cluster. Another region: --region; another account: --profile.',
  );
}

async function ofVpc({ ec2 }: Account, vpcId: string): Promise<Json> {
  try {
    await ec2.send(new DescribeVpcsCommand({ VpcIds: [vpcId] }));
  } catch (error) {
    if (!(error instanceof Error) || !error.name.startsWith('InvalidVpc')) throw error;
    throw new Problem(
      EXIT.notFound,
      `There is no VPC ${vpcId} in this region.`,
      'Choose another with --vpc or --region.',
    );
  }
  const surveyed = await survey(ec2, vpcId);
  return { ...boxPlaces(surveyed), databaseSubnetIds: databasePlaces(surveyed) };
}

async function ofDatabase(
  { ui }: Context,
  { ec2, rds, secrets, kms }: Account,
  options: InitOptions,
  database: Found,
): Promise<Json> {
  const { id, host, port, securityGroupIds } = database;
  const versions = engineOf(database);
  const vpcId = await vpcOf(rds, database);
  if (options.vpc !== undefined && options.vpc !== vpcId)
    throw new Problem(EXIT.usage, `${id} is in ${vpcId}, not in ${options.vpc}.`, 'Leave --vpc out.');
  const [group, ...others] = securityGroupIds;
  if (host === undefined || group === undefined)
    throw new Problem(
      EXIT.unavailable,
      `${id} has no ${host === undefined ? 'endpoint' : 'security group'} yet.`,
      'Wait until it is available, then run the command again.',
    );
  const secret = options.secret ?? database.secretArn;
  if (secret === undefined)
    throw new Problem(
      EXIT.notFound,
      `RDS manages no password of ${id}.`,
      'Name the secret that holds `username` and `password` with --secret.',
    );
  const databaseName =
    options.databaseName ??
    database.databaseName ??
    (versions.engine === 'postgres' ? 'postgres' : undefined);
  if (databaseName === undefined)
    throw new Problem(
      EXIT.usage,
      `${id} was created without a database.`,
      'Name the one to back up with --database-name.',
    );
  const network = boxPlaces(await survey(ec2, vpcId));
  if (others.length > 0)
    ui.warn(`${id} has several security groups; ${group} will get the rule that lets boxes in.`);
  if (database.isPublic) ui.warn(`${id} has a public address. Boxes do not need it.`);
  if (database.hasIamLogin) ui.say(`${id} takes tokens of IAM: \`drawbridge connect --iam\`.`);
  return {
    ...network,
    ...versions,
    databaseName,
    databaseHost: host,
    ...(port === undefined ? {} : { databasePort: port }),
    databaseSecurityGroupId: group,
    ...(await secretSettings(secrets, kms, secret)),
  };
}
