import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import {
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  InvocationDoesNotExist,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Progress } from './timeline';

const POLL_MILLISECONDS = 500;

/** How one run of an SSM document on a box ended. */
export interface CommandOutcome {
  readonly status: string;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What an operator does in the AWS console, by the same APIs. */
export class Cloud {
  private readonly lambda = new LambdaClient();
  private readonly ec2 = new EC2Client();
  private readonly ssm = new SSMClient();
  private readonly s3 = new S3Client();
  private readonly secrets = new SecretsManagerClient();

  /** Invokes a function with a test event; the parsed answer, or an error with the function's own words. */
  async invoke(functionName: string, event: object): Promise<Record<string, unknown>> {
    const answer = await this.lambda.send(
      new InvokeCommand({ FunctionName: functionName, Payload: JSON.stringify(event) }),
    );
    const payload = JSON.parse(new TextDecoder().decode(answer.Payload)) as Record<string, unknown>;
    if (answer.FunctionError !== undefined) {
      throw new Error(
        `${functionName} answered ${String(payload.errorType)}: ${String(payload.errorMessage)}`,
      );
    }
    return payload;
  }

  /** Waits until the box's agent is online. */
  async waitOnline(instanceId: string, progress: Progress): Promise<void> {
    for (;;) {
      const state = await this.stateOf(instanceId);
      if (state !== 'pending' && state !== 'running') throw new Error(`The box ${instanceId} is ${state}.`);
      const { InstanceInformationList: found } = await this.ssm.send(
        new DescribeInstanceInformationCommand({ Filters: [{ Key: 'InstanceIds', Values: [instanceId] }] }),
      );
      if (found?.[0]?.PingStatus === 'Online') return;
      progress(`the box is ${state}, its agent not online yet`);
      await sleep(POLL_MILLISECONDS);
    }
  }

  /** EC2's name for the state of an instance. */
  async stateOf(instanceId: string): Promise<string> {
    const { Reservations: found } = await this.ec2.send(
      new DescribeInstancesCommand({ InstanceIds: [instanceId] }),
    );
    return found?.[0]?.Instances?.[0]?.State?.Name ?? 'unknown';
  }

  /** Instances that are not terminated, of anybody. */
  async liveInstances(): Promise<string[]> {
    const states = ['pending', 'running', 'shutting-down', 'stopping', 'stopped'];
    const { Reservations: found } = await this.ec2.send(
      new DescribeInstancesCommand({ Filters: [{ Name: 'instance-state-name', Values: states }] }),
    );
    return (found ?? []).flatMap(({ Instances }) =>
      (Instances ?? []).map(({ InstanceId }) => InstanceId ?? '?'),
    );
  }

  /** Runs a document on a box and waits for its end. */
  async runDocument(
    documentName: string,
    instanceId: string,
    parameters: Record<string, string[]>,
    progress: Progress,
  ): Promise<CommandOutcome> {
    const { Command } = await this.ssm.send(
      new SendCommandCommand({
        DocumentName: documentName,
        InstanceIds: [instanceId],
        Parameters: parameters,
      }),
    );
    const invocation = new GetCommandInvocationCommand({
      CommandId: Command?.CommandId,
      InstanceId: instanceId,
    });
    for (;;) {
      await sleep(POLL_MILLISECONDS);
      const answer = await this.ssm.send(invocation).catch((error: unknown) => {
        if (error instanceof InvocationDoesNotExist) return undefined;
        throw error;
      });
      if (answer === undefined) continue;
      const stderr = answer.StandardErrorContent ?? '';
      if (!['Pending', 'InProgress', 'Delayed', 'Cancelling'].includes(answer.Status ?? '')) {
        return {
          status: answer.Status ?? 'unknown',
          exitCode: answer.ResponseCode ?? -1,
          stdout: answer.StandardOutputContent ?? '',
          stderr,
        };
      }
      // What the program says can be read only when it has ended.
      progress(`the command is ${answer.Status ?? 'on its way'}`);
    }
  }

  /** The text of an object. */
  async read(bucket: string, key: string): Promise<string> {
    const { Body } = await this.s3.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
    return (await Body?.transformToString()) ?? '';
  }

  /** Name and password of the database's master. */
  async credentials(secretArn: string): Promise<{ username: string; password: string }> {
    const { SecretString } = await this.secrets.send(new GetSecretValueCommand({ SecretId: secretArn }));
    return JSON.parse(SecretString ?? '{}') as { username: string; password: string };
  }
}
