import { createHash } from 'node:crypto';
import type { TemplateJson } from '../lib/synth';

export const ACCOUNT = '123456789012';
export const REGION = 'eu-west-1';
export const STACK_NAME = 'drawbridge';
const STACK_ID = `arn:aws:cloudformation:${REGION}:${ACCOUNT}:stack/${STACK_NAME}/0a1b2c3d-0000-4000-8000-000000000000`;

const PSEUDO: Readonly<Record<string, string>> = {
  'AWS::Partition': 'aws',
  'AWS::Region': REGION,
  'AWS::AccountId': ACCOUNT,
  'AWS::StackId': STACK_ID,
  'AWS::StackName': STACK_NAME,
  'AWS::URLSuffix': 'amazonaws.com',
};

/** Ids as EC2 gives them, always the same for the same logical id. */
const idLike = (prefix: string, logicalId: string): string =>
  `${prefix}-0${createHash('sha256').update(logicalId).digest('hex').slice(0, 16)}`;

const EC2_PREFIXES: Readonly<Record<string, string>> = {
  'AWS::EC2::VPC': 'vpc',
  'AWS::EC2::Subnet': 'subnet',
  'AWS::EC2::SecurityGroup': 'sg',
  'AWS::EC2::VPCEndpoint': 'vpce',
  'AWS::EC2::LaunchTemplate': 'lt',
  'AWS::EC2::RouteTable': 'rtb',
  'AWS::EC2::EgressOnlyInternetGateway': 'eigw',
};

const arn = (service: string, resource: string): string =>
  `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;

/** ARN by type, from the name that {@link Concrete} gives the resource. */
const ARNS: Readonly<Record<string, (name: string) => string>> = {
  'AWS::S3::Bucket': (name) => `arn:aws:s3:::${name}`,
  'AWS::IAM::Role': (name) => `arn:aws:iam::${ACCOUNT}:role/${name}`,
  'AWS::IAM::InstanceProfile': (name) => `arn:aws:iam::${ACCOUNT}:instance-profile/${name}`,
  'AWS::KMS::Key': (name) => arn('kms', `key/${name}`),
  'AWS::Lambda::Function': (name) => arn('lambda', `function:${name}`),
  'AWS::Events::Rule': (name) => arn('events', `rule/${name}`),
  'AWS::Logs::LogGroup': (name) => arn('logs', `log-group:${name}:*`),
};

type Fields = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Fields => typeof value === 'object' && value !== null;

/**
 * A template as CloudFormation would see it once everything exists: references become names and ARNs, the same each time.
 * What is not understood throws; a policy that is half understood proves nothing.
 */
export class Concrete {
  constructor(readonly template: TemplateJson) {}

  /** Ids of resources of a type whose logical id begins so. */
  ids(type: string, idPrefix = ''): string[] {
    return Object.entries(this.template.Resources)
      .filter(([id, { Type }]) => Type === type && id.startsWith(idPrefix))
      .map(([id]) => id);
  }

  /** The one of {@link ids}. */
  id(type: string, idPrefix = ''): string {
    const [only, ...others] = this.ids(type, idPrefix);
    if (only === undefined || others.length > 0)
      throw new Error(`${others.length + (only === undefined ? 0 : 1)} of ${type} begin with "${idPrefix}"`);
    return only;
  }

  /** What `Ref` gives. */
  ref(logicalId: string): string {
    const pseudo = PSEUDO[logicalId];
    if (pseudo !== undefined) return pseudo;
    const type = this.typeOf(logicalId);
    const prefix = EC2_PREFIXES[type];
    if (prefix !== undefined) return idLike(prefix, logicalId);
    if (type === 'AWS::S3::Bucket') return `${STACK_NAME}-${logicalId.toLowerCase()}`;
    if (type === 'AWS::StepFunctions::StateMachine') return arn('states', `stateMachine:${logicalId}`);
    if (type === 'AWS::SNS::Topic') return arn('sns', logicalId);
    if (type === 'AWS::IAM::ManagedPolicy')
      return `arn:aws:iam::${ACCOUNT}:policy/${STACK_NAME}-${logicalId}`;
    if (type === 'AWS::Logs::LogGroup') return this.logGroupName(logicalId);
    return `${STACK_NAME}-${logicalId}-0A1B2C3D`;
  }

  /** ARN of a resource. */
  arn(logicalId: string): string {
    const make = ARNS[this.typeOf(logicalId)];
    if (make === undefined) throw new Error(`no ARN known for ${this.typeOf(logicalId)}`);
    return make(this.ref(logicalId));
  }

  /** Any value of the template with its references resolved. */
  value(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((one) => this.value(one));
    if (!isObject(value)) return value;
    const [[key, inner] = ['', undefined], ...others] = Object.entries(value);
    if (others.length === 0 && (key === 'Ref' || key.startsWith('Fn::'))) return this.intrinsic(key, inner);
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, this.value(one)]));
  }

  /** The same, when it is text. */
  text(value: unknown): string {
    const text = this.value(value);
    if (typeof text !== 'string') throw new Error(`not text: ${JSON.stringify(value)}`);
    return text;
  }

  private intrinsic(key: string, inner: unknown): unknown {
    switch (key) {
      case 'Ref':
        return this.ref(String(inner));
      case 'Fn::GetAtt': {
        const [id = '', ...attribute] = inner as string[];
        return this.attribute(id, attribute.join('.'));
      }
      case 'Fn::Join': {
        const [separator, parts] = inner as [string, unknown[]];
        return parts.map((part) => this.text(part)).join(separator);
      }
      case 'Fn::Select': {
        const [at, list] = inner as [number | string, unknown];
        return (this.value(list) as unknown[])[Number(at)];
      }
      case 'Fn::Split': {
        const [separator, text] = inner as [string, unknown];
        return this.text(text).split(separator);
      }
      case 'Fn::Sub':
        if (typeof inner !== 'string') break;
        return inner.replaceAll(/\$\{([^}]+)\}/g, (_, name: string) => this.ref(name));
    }
    throw new Error(`not understood: ${key} ${JSON.stringify(inner)}`);
  }

  private attribute(id: string, attribute: string): string {
    if (attribute === 'Arn') return this.arn(id);
    if (attribute === 'GroupId') return this.ref(id);
    if (attribute === 'MasterUserSecret.SecretArn')
      return arn('secretsmanager', 'secret:rds!db-0a1b2c3d-AbCdEf');
    return `${id}.${attribute}`;
  }

  private logGroupName(id: string): string {
    const name = this.template.Resources[id]?.Properties.LogGroupName;
    return name === undefined ? `${STACK_NAME}-${id}-0A1B2C3D` : this.text(name);
  }

  private typeOf(logicalId: string): string {
    const type = this.template.Resources[logicalId]?.Type;
    if (type === undefined) throw new Error(`the template has no resource ${logicalId}`);
    return type;
  }
}
