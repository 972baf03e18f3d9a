import {
  CreateAliasCommand,
  CreateKeyCommand,
  DeleteAliasCommand,
  DisableKeyRotationCommand,
  EnableKeyRotationCommand,
  PutKeyPolicyCommand,
  ScheduleKeyDeletionCommand,
  UpdateAliasCommand,
  UpdateKeyDescriptionCommand,
} from '@aws-sdk/client-kms';
import { z } from 'zod';
import { resourceType, type ResourceContext, type ResourceState } from '../resource-type';
import { allTags, bool, document, integer, need, removed, tags, text } from './properties';

const keyState = (id: string, { region, account }: ResourceContext): ResourceState => ({
  id,
  attributes: { Arn: `arn:aws:kms:${region}:${account}:key/${id}`, KeyId: id },
});

const key = resourceType({
  type: 'AWS::KMS::Key',
  properties: z.strictObject({
    Description: text.optional(),
    EnableKeyRotation: bool.optional(),
    KeyPolicy: document.optional(),
    PendingWindowInDays: integer.optional(),
    Tags: tags.optional(),
  }),
  createOnly: ['Tags'],
  async create({ Description, EnableKeyRotation, KeyPolicy, Tags }, context) {
    const { kms } = context.clients;
    const named = allTags(Tags, context).map(({ Key, Value }) => ({ TagKey: Key, TagValue: Value }));
    const answer = await kms.send(new CreateKeyCommand({ Description, Policy: KeyPolicy, Tags: named }));
    const id = need(answer.KeyMetadata?.KeyId, 'KeyId');
    context.announce(id);
    if (EnableKeyRotation === true) await kms.send(new EnableKeyRotationCommand({ KeyId: id }));
    return keyState(id, context);
  },
  async update(KeyId, { Description = '', EnableKeyRotation, KeyPolicy }, _previous, context) {
    const { kms } = context.clients;
    await kms.send(new UpdateKeyDescriptionCommand({ KeyId, Description }));
    if (KeyPolicy !== undefined)
      await kms.send(new PutKeyPolicyCommand({ KeyId, PolicyName: 'default', Policy: KeyPolicy }));
    await kms.send(
      EnableKeyRotation === true
        ? new EnableKeyRotationCommand({ KeyId })
        : new DisableKeyRotationCommand({ KeyId }),
    );
    return keyState(KeyId, context);
  },
  async delete(KeyId, { PendingWindowInDays }, { clients: { kms } }) {
    await removed(kms.send(new ScheduleKeyDeletionCommand({ KeyId, PendingWindowInDays })));
  },
});

const alias = resourceType({
  type: 'AWS::KMS::Alias',
  properties: z.strictObject({ AliasName: text, TargetKeyId: text }),
  createOnly: ['AliasName'],
  async create({ AliasName, TargetKeyId }, { clients: { kms } }) {
    await kms.send(new CreateAliasCommand({ AliasName, TargetKeyId }));
    return { id: AliasName };
  },
  async update(id, { AliasName, TargetKeyId }, _previous, { clients: { kms } }) {
    await kms.send(new UpdateAliasCommand({ AliasName, TargetKeyId }));
    return { id };
  },
  async delete(id, _properties, { clients: { kms } }) {
    await removed(kms.send(new DeleteAliasCommand({ AliasName: id })));
  },
});

/** Keys. */
export const KMS_TYPES = [key, alias];
