import { Aws } from 'aws-cdk-lib';
import type * as ec2 from 'aws-cdk-lib/aws-ec2';
import * as iam from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import type { BoxNetwork } from './box-network';

/** Where boxes, jump host and database stand, and how boxes reach AWS. */
export abstract class Network extends Construct implements BoxNetwork {
  abstract readonly vpc: ec2.IVpc;
  abstract readonly boxSubnets: readonly ec2.ISubnet[];
  abstract readonly databaseSubnets: ec2.SubnetSelection;
  /** The only way to S3. */
  abstract readonly s3Endpoint: ec2.IGatewayVpcEndpoint;
  abstract readonly dualStackAgent: boolean;

  abstract letOut(group: ec2.SecurityGroup): void;

  /** Lets boxes use `actions` on `resource` of S3 through the endpoint, as far as their roles allow it too. */
  abstract allowThroughEndpoint(resource: string, actions: string[]): void;

  /** Lets boxes read a secret, as far as their roles allow it too. */
  abstract allowSecret(secretArn: string): void;

  /** Lets agents record shells in a log group, as far as the roles of their instances allow it too. */
  abstract allowRecording(logGroupArn: string): void;

  /** Lets a jump host ask Auto Scaling to end it, as far as its role allows it too. */
  abstract allowLeaving(): void;
}

/** What dnf reads: the packages of Amazon Linux lie in S3, in a bucket for each region. */
export const amazonLinuxRepositories = (): iam.PolicyStatement =>
  new iam.PolicyStatement({
    sid: 'AmazonLinuxRepositories',
    principals: [new iam.StarPrincipal()],
    actions: ['s3:GetObject'],
    // The suffix is the same in every region: https://docs.aws.amazon.com/emr/latest/ManagementGuide/private-subnet-iampolicy.html
    resources: [`arn:${Aws.PARTITION}:s3:::al2023-repos-${Aws.REGION}-de612dc2/*`],
  });
