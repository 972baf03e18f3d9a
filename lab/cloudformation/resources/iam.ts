import {
  AddRoleToInstanceProfileCommand,
  AttachRolePolicyCommand,
  CreateInstanceProfileCommand,
  CreateRoleCommand,
  DeleteInstanceProfileCommand,
  DeleteRoleCommand,
  DeleteRolePermissionsBoundaryCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
  RemoveRoleFromInstanceProfileCommand,
  UpdateAssumeRolePolicyCommand,
  UpdateRoleCommand,
  type IAMClient,
} from '@aws-sdk/client-iam';
import { z } from 'zod';
import { resourceType } from '../resource-type';
import { managedPolicy } from './managed-policy';
import { allTags, document, integer, removed, tags, text, texts } from './properties';

const roleProperties = z.strictObject({
  RoleName: text.optional(),
  Path: text.optional(),
  AssumeRolePolicyDocument: document,
  Description: text.optional(),
  ManagedPolicyArns: texts.optional(),
  MaxSessionDuration: integer.optional(),
  PermissionsBoundary: text.optional(),
  Policies: z.array(z.strictObject({ PolicyName: text, PolicyDocument: document })).optional(),
  Tags: tags.optional(),
});
type RoleProperties = z.output<typeof roleProperties>;

async function grant(
  iam: IAMClient,
  RoleName: string,
  { ManagedPolicyArns, Policies }: RoleProperties,
): Promise<void> {
  for (const PolicyArn of ManagedPolicyArns ?? [])
    await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
  for (const { PolicyName, PolicyDocument } of Policies ?? [])
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
}

async function withdraw(
  iam: IAMClient,
  RoleName: string,
  { ManagedPolicyArns, Policies }: RoleProperties,
): Promise<void> {
  for (const PolicyArn of ManagedPolicyArns ?? [])
    await removed(iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })));
  for (const { PolicyName } of Policies ?? [])
    await removed(iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
}

const role = resourceType({
  type: 'AWS::IAM::Role',
  properties: roleProperties,
  createOnly: ['RoleName', 'Path', 'Tags'],
  async create(properties, context) {
    const { iam } = context.clients;
    const { Path, AssumeRolePolicyDocument, Description, MaxSessionDuration, PermissionsBoundary } =
      properties;
    const RoleName = properties.RoleName ?? context.name();
    const Tags = allTags(properties.Tags, context);
    const answer = await iam.send(
      new CreateRoleCommand({
        RoleName,
        Path,
        AssumeRolePolicyDocument,
        Description,
        MaxSessionDuration,
        PermissionsBoundary,
        Tags,
      }),
    );
    context.announce(RoleName);
    await grant(iam, RoleName, properties);
    return { id: RoleName, attributes: { Arn: answer.Role?.Arn, RoleId: answer.Role?.RoleId } };
  },
  async update(RoleName, properties, previous, { clients: { iam }, account }) {
    const {
      AssumeRolePolicyDocument,
      Description = '',
      MaxSessionDuration,
      PermissionsBoundary,
    } = properties;
    await iam.send(new UpdateAssumeRolePolicyCommand({ RoleName, PolicyDocument: AssumeRolePolicyDocument }));
    await iam.send(new UpdateRoleCommand({ RoleName, Description, MaxSessionDuration }));
    if (PermissionsBoundary !== undefined)
      await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary }));
    else if (previous.PermissionsBoundary !== undefined)
      await iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName }));
    await withdraw(iam, RoleName, previous);
    await grant(iam, RoleName, properties);
    return {
      id: RoleName,
      attributes: { Arn: `arn:aws:iam::${account}:role${properties.Path ?? '/'}${RoleName}` },
    };
  },
  async delete(RoleName, properties, { clients: { iam } }) {
    await withdraw(iam, RoleName, properties);
    await removed(iam.send(new DeleteRoleCommand({ RoleName })));
  },
});

const policyProperties = z.strictObject({
  PolicyName: text,
  PolicyDocument: document,
  Roles: texts.min(1, 'the lab attaches policies to roles: name at least one'),
});
type PolicyProperties = z.output<typeof policyProperties>;

async function putPolicy(
  iam: IAMClient,
  { PolicyName, PolicyDocument, Roles }: PolicyProperties,
): Promise<void> {
  for (const RoleName of Roles)
    await iam.send(new PutRolePolicyCommand({ RoleName, PolicyName, PolicyDocument }));
}

async function deletePolicy(
  iam: IAMClient,
  { PolicyName }: PolicyProperties,
  roles: readonly string[],
): Promise<void> {
  for (const RoleName of roles)
    await removed(iam.send(new DeleteRolePolicyCommand({ RoleName, PolicyName })));
}

const policy = resourceType({
  type: 'AWS::IAM::Policy',
  properties: policyProperties,
  createOnly: ['PolicyName'],
  async create(properties, context) {
    const id = context.name();
    context.announce(id);
    await putPolicy(context.clients.iam, properties);
    return { id, attributes: { Id: id } };
  },
  async update(id, properties, previous, { clients: { iam } }) {
    await putPolicy(iam, properties);
    await deletePolicy(
      iam,
      previous,
      previous.Roles.filter((one) => !properties.Roles.includes(one)),
    );
    return { id, attributes: { Id: id } };
  },
  delete: (_id, properties, { clients: { iam } }) => deletePolicy(iam, properties, properties.Roles),
});

const instanceProfile = resourceType({
  type: 'AWS::IAM::InstanceProfile',
  properties: z.strictObject({
    InstanceProfileName: text.optional(),
    Path: text.optional(),
    Roles: texts.length(1),
  }),
  async create({ InstanceProfileName: given, Path, Roles: [RoleName] }, context) {
    const { iam } = context.clients;
    const InstanceProfileName = given ?? context.name(128);
    const answer = await iam.send(new CreateInstanceProfileCommand({ InstanceProfileName, Path }));
    context.announce(InstanceProfileName);
    await iam.send(new AddRoleToInstanceProfileCommand({ InstanceProfileName, RoleName }));
    return { id: InstanceProfileName, attributes: { Arn: answer.InstanceProfile?.Arn } };
  },
  async delete(InstanceProfileName, { Roles: [RoleName] }, { clients: { iam } }) {
    await removed(iam.send(new RemoveRoleFromInstanceProfileCommand({ InstanceProfileName, RoleName })));
    await removed(iam.send(new DeleteInstanceProfileCommand({ InstanceProfileName })));
  },
});

/** Identities and what they may do. The emulator keeps policies and enforces none of them. */
export const IAM_TYPES = [role, policy, managedPolicy, instanceProfile];
