import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The emulator's default account; CloudFormation's roles and every ARN name it. */
export const ACCOUNT = '123456789012';

/** Region of the lab. */
export const REGION = 'eu-west-1';

const KEY = 'testing';

const withLoopback = (noProxy: string | undefined): string =>
  [...(noProxy ?? '').split(','), '127.0.0.1', 'localhost'].filter((name) => name !== '').join(',');

/**
 * Variables that point AWS CLI, SDKs and CDK at a lab, whatever this shell is set up for. They name files of the lab as
 * configuration, so that no profile of the user's is ever read.
 */
export function labEnvironment(endpoint: string, directory: string): Readonly<Record<string, string>> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ENDPOINT_URL_S3: endpoint,
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCESS_KEY_ID: KEY,
    AWS_SECRET_ACCESS_KEY: KEY,
    AWS_SESSION_TOKEN: '',
    AWS_CONFIG_FILE: join(directory, 'aws', 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(directory, 'aws', 'credentials'),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_PAGER: '',
    CDK_DISABLE_CLI_TELEMETRY: 'true',
    NO_PROXY: withLoopback(process.env.NO_PROXY),
    no_proxy: withLoopback(process.env.no_proxy),
    PATH: [join(directory, 'bin'), process.env.PATH ?? ''].join(':'),
  };
}

/** Writes the configuration files that {@link labEnvironment} names; the profile this shell has chosen is in them. */
export function writeConfiguration(directory: string): void {
  const profiles = [...new Set(['default', process.env.AWS_PROFILE ?? ''])].filter((name) => name !== '');
  const config = profiles.map(
    (name) => `[${name === 'default' ? name : `profile ${name}`}]\nregion = ${REGION}\n`,
  );
  const credentials = profiles.map(
    (name) => `[${name}]\naws_access_key_id = ${KEY}\naws_secret_access_key = ${KEY}\n`,
  );
  writeFileSync(join(directory, 'aws', 'config'), config.join('\n'));
  writeFileSync(join(directory, 'aws', 'credentials'), credentials.join('\n'));
}
