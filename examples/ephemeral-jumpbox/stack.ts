import { CfnOutput, Fn, Stack } from 'aws-cdk-lib';
import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';
import { EphemeralJumpbox } from 'drawbridge';

/** What exists already. */
export interface Existing {
  readonly vpcId: string;
  /** With a way out to AWS. */
  readonly subnetIds: readonly string[];
  readonly databaseSecurityGroupId: string;
  readonly databaseHost: string;
  readonly databasePort: number;
}

/** A jumpbox for a database that exists, in a VPC that exists, and nothing else. */
export class JumpboxStack extends Stack {
  constructor(scope: Construct, id: string, existing: Existing) {
    super(scope, id, { description: 'Ephemeral jumpbox for an existing database' });
    const { databaseHost: host, databasePort: port } = existing;
    const jumpbox = new EphemeralJumpbox(this, 'Jumpbox', {
      vpc: ec2.Vpc.fromVpcAttributes(this, 'Vpc', {
        vpcId: existing.vpcId,
        availabilityZones: [Fn.select(0, Fn.getAzs())],
      }),
      vpcSubnets: {
        subnets: existing.subnetIds.map((subnetId, index) =>
          ec2.Subnet.fromSubnetAttributes(this, `Subnet${index + 1}`, { subnetId }),
        ),
      },
      name: 'orders',
      ttlMinutes: 30,
      maxTtlMinutes: 240,
      target: { host, port },
    });
    const database = ec2.SecurityGroup.fromSecurityGroupId(
      this,
      'Database',
      existing.databaseSecurityGroupId,
    );
    jumpbox.connections.allowTo(database, ec2.Port.tcp(port), 'jumpbox to database');

    const { create, destroy } = jumpbox.functions;
    new CfnOutput(this, 'CreateFunctionName', {
      value: create.handler.functionName,
      description: 'Opens a box: invoke it with {}',
    });
    new CfnOutput(this, 'DestroyFunctionName', {
      value: destroy.handler.functionName,
      description: 'Ends a box: invoke it with {"instanceId": "i-0123456789abcdef0"}',
    });
  }
}
