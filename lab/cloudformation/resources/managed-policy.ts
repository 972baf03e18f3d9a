import {
  AttachRolePolicyCommand,
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  CreatePolicyVersionCommand,
  DeletePolicyCommand,
  DeletePolicyVersionCommand,
  DetachRolePolicyCommand,
  DetachUserPolicyCommand,
  type IAMClient,
  ListPolicyVersionsCommand,
} from '@aws-sdk/client-iam';
import { z } from 'zod';
import { resourceType } from '../resource-type';
import { document, need, removed, text, texts } from './properties';

/** Whom a policy is attached to: names. */
interface Holders {
  readonly Roles?: readonly string[] | undefined;
  readonly Users?: readonly string[] | undefined;
}

async function attach(iam: IAMClient, PolicyArn: string, { Roles = [], Users = [] }: Holders): Promise<void> {
  for (const RoleName of Roles) await iam.send(new AttachRolePolicyCommand({ RoleName, PolicyArn }));
  for (const UserName of Users) await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }));
}

async function detach(iam: IAMClient, PolicyArn: string, { Roles = [], Users = [] }: Holders): Promise<void> {
  for (const RoleName of Roles) await removed(iam.send(new DetachRolePolicyCommand({ RoleName, PolicyArn })));
  for (const UserName of Users) await removed(iam.send(new DetachUserPolicyCommand({ UserName, PolicyArn })));
}

/** Those of one list that are not in the other. */
const without = (ones: Holders, others: Holders): Holders => ({
  Roles: ones.Roles?.filter((name) => others.Roles?.includes(name) !== true),
  Users: ones.Users?.filter((name) => others.Users?.includes(name) !== true),
});

/** All but the default version, of which IAM keeps five at most. */
async function deleteOldVersions(iam: IAMClient, PolicyArn: string): Promise<void> {
  const { Versions = [] } = await iam.send(new ListPolicyVersionsCommand({ PolicyArn }));
  for (const { VersionId, IsDefaultVersion } of Versions)
    if (IsDefaultVersion !== true) await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId }));
}

/** A policy of its own, attached to roles and users that exist. */
export const managedPolicy = resourceType({
  type: 'AWS::IAM::ManagedPolicy',
  properties: z.strictObject({
    ManagedPolicyName: text.optional(),
    Description: text.optional(),
    Path: text.optional(),
    PolicyDocument: document,
    Roles: texts.optional(),
    Users: texts.optional(),
  }),
  createOnly: ['ManagedPolicyName', 'Description', 'Path'],
  async create({ ManagedPolicyName, Description, Path, PolicyDocument, ...holders }, context) {
    const { iam } = context.clients;
    const PolicyName = ManagedPolicyName ?? context.name(128);
    const answer = await iam.send(new CreatePolicyCommand({ PolicyName, Description, Path, PolicyDocument }));
    const id = need(answer.Policy?.Arn, 'policy ARN');
    context.announce(id);
    await attach(iam, id, holders);
    return { id, attributes: { PolicyArn: id } };
  },
  async update(id, properties, previous, { clients: { iam } }) {
    await deleteOldVersions(iam, id);
    const { PolicyDocument } = properties;
    await iam.send(new CreatePolicyVersionCommand({ PolicyArn: id, PolicyDocument, SetAsDefault: true }));
    await detach(iam, id, without(previous, properties));
    await attach(iam, id, without(properties, previous));
    return { id, attributes: { PolicyArn: id } };
  },
  async delete(id, properties, { clients: { iam } }) {
    await detach(iam, id, properties);
    await deleteOldVersions(iam, id);
    await removed(iam.send(new DeletePolicyCommand({ PolicyArn: id })));
  },
});
