import type { Concrete } from './concrete';

/** A policy document with every reference resolved. */
export interface Policy {
  readonly Version: string;
  readonly Statement: readonly Statement[];
}

/** One statement of a {@link Policy}. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: string | readonly string[];
  readonly Resource?: string | readonly string[];
  readonly Principal?: unknown;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

/** A policy that has a name. */
export interface NamedPolicy {
  readonly name: string;
  readonly policy: Policy;
}

const propertiesOf = (concrete: Concrete, id: string): Readonly<Record<string, unknown>> =>
  concrete.template.Resources[id]?.Properties ?? {};

const documentOf = (concrete: Concrete, id: string, property: string): Policy =>
  concrete.value(propertiesOf(concrete, id)[property]) as Policy;

/** Everything that a role's own policies say. */
export function policiesOfRole(concrete: Concrete, roleId: string): NamedPolicy[] {
  const role = propertiesOf(concrete, roleId);
  for (const property of ['ManagedPolicyArns', 'Policies', 'PermissionsBoundary'])
    if (property in role) throw new Error(`${roleId} has ${property}, which these proofs would overlook`);
  const managed = concrete.ids('AWS::IAM::ManagedPolicy').map((id) => propertiesOf(concrete, id).Roles);
  if (managed.some((roles) => ((concrete.value(roles) ?? []) as string[]).includes(concrete.ref(roleId))))
    throw new Error(`${roleId} has a managed policy, which these proofs would overlook`);
  return concrete
    .ids('AWS::IAM::Policy')
    .filter((id) =>
      (concrete.value(propertiesOf(concrete, id).Roles) as string[]).includes(concrete.ref(roleId)),
    )
    .map((name) => ({ name, policy: documentOf(concrete, name, 'PolicyDocument') }));
}

/** The managed policy whose logical id begins so. */
export const managedPolicy = (concrete: Concrete, idPrefix: string): Policy =>
  documentOf(concrete, concrete.id('AWS::IAM::ManagedPolicy', idPrefix), 'PolicyDocument');

/** Who may assume a role. */
export const trustOf = (concrete: Concrete, roleId: string): Policy =>
  documentOf(concrete, roleId, 'AssumeRolePolicyDocument');

/** The policy of the bucket of backups. */
export const bucketPolicy = (concrete: Concrete): Policy =>
  documentOf(concrete, concrete.id('AWS::S3::BucketPolicy', 'Backups'), 'PolicyDocument');

/** The policy of the stack's key. */
export const keyPolicy = (concrete: Concrete): Policy =>
  documentOf(concrete, concrete.id('AWS::KMS::Key'), 'KeyPolicy');

/** The policy of an endpoint of ours; undefined when it is somebody else's, or not there. */
export function endpointPolicy(concrete: Concrete, endpoint = 'NetworkVpcS3'): Policy | undefined {
  const [id] = concrete.ids('AWS::EC2::VPCEndpoint', endpoint);
  return id === undefined ? undefined : documentOf(concrete, id, 'PolicyDocument');
}

/** The policy without one of its statements. */
export function without(policy: Policy, sid: string): Policy {
  const Statement = policy.Statement.filter((statement) => statement.Sid !== sid);
  if (Statement.length !== policy.Statement.length - 1) throw new Error(`not one statement is called ${sid}`);
  return { ...policy, Statement };
}
