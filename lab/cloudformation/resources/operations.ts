import {
  CreateLogGroupCommand,
  DeleteLogGroupCommand,
  DeleteRetentionPolicyCommand,
  AssociateKmsKeyCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateScheduleCommand,
  CreateScheduleGroupCommand,
  DeleteScheduleCommand,
  DeleteScheduleGroupCommand,
  UpdateScheduleCommand,
} from '@aws-sdk/client-scheduler';
import {
  CreateDocumentCommand,
  DeleteDocumentCommand,
  DeleteParameterCommand,
  PutParameterCommand,
  UpdateDocumentCommand,
  UpdateDocumentDefaultVersionCommand,
} from '@aws-sdk/client-ssm';
import { z } from 'zod';
import { resourceType, type ResourceContext } from '../resource-type';
import { allTags, bool, document, integer, need, removed, tagMap, tags, text } from './properties';

const logGroup = resourceType({
  type: 'AWS::Logs::LogGroup',
  properties: z.strictObject({
    LogGroupName: text.optional(),
    KmsKeyId: text.optional(),
    RetentionInDays: integer.optional(),
    Tags: tags.optional(),
  }),
  createOnly: ['LogGroupName', 'Tags'],
  async create({ LogGroupName, KmsKeyId, RetentionInDays, Tags }, context) {
    const { logs } = context.clients;
    const id = LogGroupName ?? context.name(512);
    await logs.send(
      new CreateLogGroupCommand({ logGroupName: id, kmsKeyId: KmsKeyId, tags: tagMap(Tags, context) }),
    );
    context.announce(id);
    if (RetentionInDays !== undefined)
      await logs.send(new PutRetentionPolicyCommand({ logGroupName: id, retentionInDays: RetentionInDays }));
    return { id, attributes: { Arn: logArn(id, context) } };
  },
  async update(id, { KmsKeyId, RetentionInDays }, previous, context) {
    const { logs } = context.clients;
    if (KmsKeyId !== undefined && KmsKeyId !== previous.KmsKeyId)
      await logs.send(new AssociateKmsKeyCommand({ logGroupName: id, kmsKeyId: KmsKeyId }));
    if (RetentionInDays === undefined)
      await logs.send(new DeleteRetentionPolicyCommand({ logGroupName: id }));
    else
      await logs.send(new PutRetentionPolicyCommand({ logGroupName: id, retentionInDays: RetentionInDays }));
    return { id, attributes: { Arn: logArn(id, context) } };
  },
  async delete(id, _properties, { clients: { logs } }) {
    await removed(logs.send(new DeleteLogGroupCommand({ logGroupName: id })));
  },
});

const logArn = (id: string, { region, account }: ResourceContext): string =>
  `arn:aws:logs:${region}:${account}:log-group:${id}:*`;

const ssmDocument = resourceType({
  type: 'AWS::SSM::Document',
  properties: z.strictObject({
    Name: text.optional(),
    Content: document,
    DocumentFormat: z.enum(['JSON', 'YAML', 'TEXT']).optional(),
    DocumentType: z.enum(['Command', 'Session', 'Automation']).optional(),
    TargetType: text.optional(),
    UpdateMethod: z.enum(['NewVersion', 'Replace']).optional(),
    Tags: tags.optional(),
  }),
  createOnly: ['Name', 'DocumentType', 'DocumentFormat', 'TargetType', 'Tags'],
  replacesWhen: { UpdateMethod: 'Replace' },
  records: { UpdateMethod: 'says what a change of the content does' },
  async create({ Name, Content, DocumentFormat, DocumentType, TargetType, Tags }, context) {
    const id = Name ?? context.name(128);
    await context.clients.ssm.send(
      new CreateDocumentCommand({
        Name: id,
        Content,
        DocumentFormat,
        DocumentType,
        TargetType,
        Tags: allTags(Tags, context),
      }),
    );
    return { id };
  },
  async update(id, { Content, DocumentFormat }, _previous, { clients: { ssm } }) {
    const answer = await ssm.send(
      new UpdateDocumentCommand({ Name: id, Content, DocumentFormat, DocumentVersion: '$LATEST' }),
    );
    const version = need(answer.DocumentDescription?.DocumentVersion, 'DocumentVersion');
    await ssm.send(new UpdateDocumentDefaultVersionCommand({ Name: id, DocumentVersion: version }));
    return { id };
  },
  async delete(id, _properties, { clients: { ssm } }) {
    await removed(ssm.send(new DeleteDocumentCommand({ Name: id })));
  },
});

const parameter = resourceType({
  type: 'AWS::SSM::Parameter',
  properties: z.strictObject({
    Name: text.optional(),
    Type: z.enum(['String', 'StringList']),
    Value: text,
    Description: text.optional(),
    Tier: z.enum(['Standard', 'Advanced', 'Intelligent-Tiering']).optional(),
    Tags: z.record(z.string(), text).optional(),
  }),
  createOnly: ['Name', 'Type', 'Tags'],
  async create({ Name, Type, Value, Description, Tier, Tags = {} }, context) {
    const id = Name ?? context.name(128);
    const own = Object.entries(Tags).map(([Key, Tag]) => ({ Key, Value: Tag }));
    await context.clients.ssm.send(
      new PutParameterCommand({ Name: id, Type, Value, Description, Tier, Tags: allTags(own, context) }),
    );
    return { id, attributes: { Type, Value } };
  },
  async update(id, { Type, Value, Description, Tier }, _previous, { clients: { ssm } }) {
    await ssm.send(new PutParameterCommand({ Name: id, Type, Value, Description, Tier, Overwrite: true }));
    return { id, attributes: { Type, Value } };
  },
  async delete(id, _properties, { clients: { ssm } }) {
    await removed(ssm.send(new DeleteParameterCommand({ Name: id })));
  },
});

const scheduleProperties = z.strictObject({
  Name: text.optional(),
  Description: text.optional(),
  GroupName: text.optional(),
  ScheduleExpression: text,
  ScheduleExpressionTimezone: text.optional(),
  State: z.enum(['ENABLED', 'DISABLED']).optional(),
  FlexibleTimeWindow: z.strictObject({
    Mode: z.enum(['OFF', 'FLEXIBLE']),
    MaximumWindowInMinutes: integer.optional(),
  }),
  Target: z.strictObject({
    Arn: text,
    RoleArn: text,
    Input: text.optional(),
    DeadLetterConfig: z.strictObject({ Arn: text }).optional(),
    RetryPolicy: z
      .strictObject({
        MaximumEventAgeInSeconds: integer.optional(),
        MaximumRetryAttempts: integer.optional(),
      })
      .optional(),
  }),
});

const schedule = resourceType({
  type: 'AWS::Scheduler::Schedule',
  properties: scheduleProperties,
  createOnly: ['Name', 'GroupName'],
  async create(properties, context) {
    const id = properties.Name ?? context.name();
    const answer = await context.clients.scheduler.send(
      new CreateScheduleCommand({ ...properties, Name: id }),
    );
    return { id, attributes: { Arn: answer.ScheduleArn } };
  },
  async update(id, properties, _previous, { clients: { scheduler } }) {
    const answer = await scheduler.send(new UpdateScheduleCommand({ ...properties, Name: id }));
    return { id, attributes: { Arn: answer.ScheduleArn } };
  },
  async delete(id, { GroupName }, { clients: { scheduler } }) {
    await removed(scheduler.send(new DeleteScheduleCommand({ Name: id, GroupName })));
  },
});

const scheduleGroup = resourceType({
  type: 'AWS::Scheduler::ScheduleGroup',
  properties: z.strictObject({ Name: text.optional(), Tags: tags.optional() }),
  async create({ Name, Tags }, context) {
    const id = Name ?? context.name();
    const answer = await context.clients.scheduler.send(
      new CreateScheduleGroupCommand({ Name: id, Tags: allTags(Tags, context) }),
    );
    return { id, attributes: { Arn: answer.ScheduleGroupArn } };
  },
  async delete(id, _properties, { clients: { scheduler } }) {
    await removed(scheduler.send(new DeleteScheduleGroupCommand({ Name: id })));
  },
});

/** Nothing is made of it: CDK's own usage record. */
const cdkMetadata = resourceType({
  type: 'AWS::CDK::Metadata',
  properties: z.strictObject({
    Analytics: text.optional(),
    Modules: text.optional(),
    Enabled: bool.optional(),
  }),
  create: (_properties, context) => Promise.resolve({ id: context.name() }),
  update: (id) => Promise.resolve({ id }),
  delete: () => Promise.resolve(),
});

/** Logs, documents, parameters, schedules. */
export const OPERATION_TYPES = [logGroup, ssmDocument, parameter, schedule, scheduleGroup, cdkMetadata];
