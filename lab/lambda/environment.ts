import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { existsSync, mkdirSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { emulatorAccess } from '../clients';
import type { LabContext } from '../context';
import type { DeployedFunction } from './functions';

/**
 * The directory that stands for `/var/runtime/node_modules`: the SDK that Lambda's Node.js runtimes bring, and nothing
 * else. Source: https://docs.aws.amazon.com/lambda/latest/dg/lambda-nodejs.html.
 */
export function runtimeModules(context: LabContext): string {
  const modules = join(context.directory, 'lambda-runtime', 'node_modules');
  if (existsSync(modules)) return modules;
  mkdirSync(modules, { recursive: true });
  const installed = dirname(dirname(dirname(require.resolve('@aws-sdk/client-s3/package.json'))));
  for (const scope of ['@aws-sdk', '@smithy']) symlinkSync(join(installed, scope), join(modules, scope));
  return modules;
}

async function credentials(context: LabContext, deployed: DeployedFunction): Promise<Record<string, string>> {
  const sts = new STSClient(emulatorAccess(context, deployed.region));
  try {
    // Lambda names the role session after the function.
    const { Credentials: keys } = await sts.send(
      new AssumeRoleCommand({ RoleArn: deployed.role, RoleSessionName: deployed.name.slice(0, 64) }),
    );
    return {
      AWS_ACCESS_KEY_ID: keys?.AccessKeyId ?? '',
      AWS_SECRET_ACCESS_KEY: keys?.SecretAccessKey ?? '',
      AWS_SESSION_TOKEN: keys?.SessionToken ?? '',
    };
  } finally {
    sts.destroy();
  }
}

/**
 * Environment of one execution: the deployed variables, Lambda's reserved ones, the role's credentials, the lab's address.
 * Source: https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html#configuration-envvars-runtime.
 */
export async function executionEnvironment(
  context: LabContext,
  deployed: DeployedFunction,
  logStream: string,
): Promise<Record<string, string>> {
  return {
    LANG: 'en_US.UTF-8',
    TZ: ':UTC',
    PATH: '/usr/local/bin:/usr/bin:/bin',
    NODE_PATH: runtimeModules(context),
    NODE_NO_WARNINGS: '1',
    ...deployed.variables,
    ...(await credentials(context, deployed)),
    AWS_REGION: deployed.region,
    AWS_DEFAULT_REGION: deployed.region,
    AWS_ENDPOINT_URL: context.endpoint,
    AWS_EXECUTION_ENV: `AWS_Lambda_${deployed.runtime}`,
    AWS_LAMBDA_FUNCTION_NAME: deployed.name,
    AWS_LAMBDA_FUNCTION_VERSION: '$LATEST',
    AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(deployed.memoryMiB),
    AWS_LAMBDA_INITIALIZATION_TYPE: 'on-demand',
    AWS_LAMBDA_LOG_GROUP_NAME: logGroupOf(deployed),
    AWS_LAMBDA_LOG_STREAM_NAME: logStream,
    AWS_LAMBDA_LOG_FORMAT: deployed.logFormat,
    LAMBDA_TASK_ROOT: deployed.root,
    _HANDLER: deployed.handler,
    DRAWBRIDGE_LAB: context.id,
  };
}

/** The log group that a function writes to. */
export function logGroupOf(deployed: DeployedFunction): string {
  return deployed.logGroup ?? `/aws/lambda/${deployed.name}`;
}
