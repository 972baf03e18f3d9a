import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { CloudTrailClient } from '@aws-sdk/client-cloudtrail';
import { DescribeInstancesCommand, EC2Client } from '@aws-sdk/client-ec2';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { S3Client } from '@aws-sdk/client-s3';
import { SFNClient } from '@aws-sdk/client-sfn';
import {
  DescribeInstanceInformationCommand,
  GetCommandInvocationCommand,
  SendCommandCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { mockClient } from 'aws-sdk-client-mock';
import { stackAnswer } from '../support';
import { BOX, FakeBucket } from './bucket';

export const cloudFormation = mockClient(CloudFormationClient);
export const trail = mockClient(CloudTrailClient);
export const ec2 = mockClient(EC2Client);
export const lambda = mockClient(LambdaClient);
export const s3 = mockClient(S3Client);
export const sfn = mockClient(SFNClient);
export const ssm = mockClient(SSMClient);
export const sts = mockClient(STSClient);

export const RUN = 'arn:aws:states:eu-west-1:1:execution:Run:r';
export const CHILD = 'arn:aws:states:eu-west-1:1:execution:Backup:app-1';

/** What the functions were asked. */
export const invoked = (): unknown[] =>
  lambda.commandCalls(InvokeCommand).map((call) => {
    const { FunctionName, Payload } = call.args[0].input;
    return [FunctionName, JSON.parse(typeof Payload === 'string' ? Payload : '') as unknown];
  });

export function answer(byFunction: Readonly<Record<string, object>>): void {
  lambda.on(InvokeCommand).callsFake(({ FunctionName = '' }: { FunctionName?: string }) => ({
    Payload: Buffer.from(JSON.stringify(byFunction[FunctionName] ?? {})),
  }));
}

/** Lets the document end so. */
export function document(end: {
  Status: string;
  ResponseCode: number;
  stdout?: string;
  stderr?: string;
}): void {
  ssm.on(SendCommandCommand).resolves({ Command: { CommandId: 'c1' } });
  ssm.on(GetCommandInvocationCommand).resolves({
    Status: end.Status as 'Success',
    ResponseCode: end.ResponseCode,
    StandardOutputContent: end.stdout ?? '',
    StandardErrorContent: end.stderr ?? '',
  });
}

/** A stack, its bucket and its functions, all of them played; nothing is in the bucket yet. */
export function setStack(): FakeBucket {
  for (const mock of [cloudFormation, trail, ec2, lambda, s3, sfn, ssm, sts]) mock.reset();
  const bucket = new FakeBucket();
  bucket.serve(s3 as never);
  cloudFormation.on(DescribeStacksCommand).resolves(
    stackAnswer({
      CreateFunctionName: 'create',
      DestroyFunctionName: 'destroy',
      RetainFunctionName: 'retain',
      BackupBucketName: 'bucket',
      ProveDocumentName: 'prove-document',
      RestoreDocumentName: 'restore-document',
      OneTimeKeyDocumentName: 'key-document',
      RunStateMachineArn: 'run-machine',
      BackupStateMachineArn: 'backup-machine',
      DatabaseEndpoint: 'db.example',
      DatabaseName: 'app',
    }),
  );
  sts.on(GetCallerIdentityCommand).resolves({ Account: '1', Arn: 'arn:aws:sts::1:assumed-role/dev/eva' });
  ec2
    .on(DescribeInstancesCommand)
    .resolves({ Reservations: [{ Instances: [{ InstanceId: BOX, State: { Name: 'running' } }] }] });
  ssm
    .on(DescribeInstanceInformationCommand)
    .resolves({ InstanceInformationList: [{ InstanceId: BOX, PingStatus: 'Online' }] });
  answer({
    retain: { decisions: [], marked: [] },
    create: {
      instanceId: BOX,
      purpose: 'x',
      state: 'pending',
      expiresAt: '2999-01-01T00:00:00Z',
      existing: false,
    },
    destroy: { terminated: [BOX] },
  });
  return bucket;
}
