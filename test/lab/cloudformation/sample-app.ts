import { App, CfnOutput, CfnParameter, CustomResource, Fn, RemovalPolicy, Stack } from 'aws-cdk-lib';
import {
  CfnEgressOnlyInternetGateway,
  CfnSecurityGroup,
  CfnSubnet,
  CfnVPC,
  CfnVPCCidrBlock,
} from 'aws-cdk-lib/aws-ec2';
import { Code, Function as LambdaFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { Bucket } from 'aws-cdk-lib/aws-s3';
import { CfnTopic } from 'aws-cdk-lib/aws-sns';
import { StringParameter } from 'aws-cdk-lib/aws-ssm';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What differs from one deployment of the sample to the next. */
export interface SampleOptions {
  /** Value of a parameter: changed in place. */
  readonly value?: string;
  /** Description of the security group: changed by replacement. */
  readonly groupDescription?: string;
  readonly withTopic?: boolean;
  /** Property of the custom resource; `fail…` makes its function answer FAILED. */
  readonly wish?: string;
}

/** Answers CloudFormation itself, with what it was asked; a wish that begins with `fail` is refused. */
const HANDLER = `
exports.handler = async (event) => {
  const { Wish: wish = '' } = event.ResourceProperties;
  const failed = wish.startsWith('fail') && event.RequestType !== 'Delete';
  const body = JSON.stringify({
    Status: failed ? 'FAILED' : 'SUCCESS',
    Reason: 'the wish was ' + wish,
    PhysicalResourceId: event.PhysicalResourceId ?? 'granted-once',
    StackId: event.StackId,
    RequestId: event.RequestId,
    LogicalResourceId: event.LogicalResourceId,
    Data: { Answer: event.RequestType + ' ' + wish, Properties: JSON.stringify(event.ResourceProperties) },
  });
  const reply = await fetch(event.ResponseURL, { method: 'PUT', body });
  if (!reply.ok) throw new Error('not taken: ' + reply.status);
};
`;

function network(stack: Stack, groupDescription: string): CfnSecurityGroup {
  const vpc = new CfnVPC(stack, 'Vpc', {
    cidrBlock: '10.9.0.0/16',
    enableDnsHostnames: true,
    tags: [{ key: 'Name', value: 'sample' }],
  });
  const ipv6 = new CfnVPCCidrBlock(stack, 'Ipv6', { vpcId: vpc.ref, amazonProvidedIpv6CidrBlock: true });
  new CfnEgressOnlyInternetGateway(stack, 'Way', { vpcId: vpc.ref });
  const subnet = new CfnSubnet(stack, 'Subnet', {
    vpcId: vpc.ref,
    cidrBlock: '10.9.1.0/24',
    ipv6CidrBlock: Fn.select(1, Fn.cidr(Fn.select(0, vpc.attrIpv6CidrBlocks), 4, '64')),
    assignIpv6AddressOnCreation: true,
    availabilityZone: Fn.select(0, Fn.getAzs()),
  });
  subnet.addResourceDependency(ipv6);
  new CfnOutput(stack, 'SubnetId', { value: subnet.ref });
  new CfnOutput(stack, 'SubnetIpv6', { value: Fn.select(0, subnet.attrIpv6CidrBlocks) });
  new CfnOutput(stack, 'VpcIpv6', { value: Fn.select(0, vpc.attrIpv6CidrBlocks) });
  return new CfnSecurityGroup(stack, 'Group', { groupDescription, vpcId: vpc.ref, securityGroupEgress: [] });
}

/**
 * Synthesizes a small app that has a bit of everything the engine does.
 *
 * @returns the directory for `cdk --app`
 */
export function synthSample(directory: string, options: SampleOptions = {}): string {
  const { value = 'one', groupDescription = 'first', withTopic = true, wish = 'well' } = options;
  const code = join(directory, 'code');
  mkdirSync(code, { recursive: true });
  writeFileSync(join(code, 'index.js'), HANDLER);
  const app = new App({ outdir: join(directory, 'out'), analyticsReporting: false });
  const stack = new Stack(app, 'sample', { tags: { owner: 'test' } });
  const group = network(stack, groupDescription);
  const size = new CfnParameter(stack, 'Size', { type: 'Number', default: 3, maxValue: 5 });
  const bucket = new Bucket(stack, 'Kept', { enforceSSL: true, removalPolicy: RemovalPolicy.RETAIN });
  const parameter = new StringParameter(stack, 'Value', {
    parameterName: '/sample/value',
    stringValue: value,
  });
  parameter.node.addDependency(group);
  if (withTopic) new CfnTopic(stack, 'Topic', { displayName: 'Sample' });
  const handler = new LambdaFunction(stack, 'Handler', {
    runtime: Runtime.NODEJS_22_X,
    handler: 'index.handler',
    code: Code.fromAsset(code),
  });
  const custom = new CustomResource(stack, 'Custom', {
    serviceToken: handler.functionArn,
    resourceType: 'Custom::Wish',
    properties: { Wish: wish, Count: 3, Deep: { On: true } },
  });
  const outputs = {
    BucketName: bucket.bucketName,
    GroupId: group.ref,
    Answer: custom.getAttString('Answer'),
    Properties: custom.getAttString('Properties'),
    SizeOut: size.valueAsString,
  };
  for (const [name, output] of Object.entries(outputs)) new CfnOutput(stack, name, { value: output });
  return app.synth().directory;
}
