import {
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  PutLifecyclePolicyCommand,
  SetRepositoryPolicyCommand,
  type ECRClient,
} from '@aws-sdk/client-ecr';
import {
  CreateSecretCommand,
  DeleteSecretCommand,
  GetRandomPasswordCommand,
  type SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import {
  CreateTopicCommand,
  DeleteTopicCommand,
  SetTopicAttributesCommand,
  SubscribeCommand,
  UnsubscribeCommand,
} from '@aws-sdk/client-sns';
import {
  CreateQueueCommand,
  DeleteQueueCommand,
  GetQueueAttributesCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { z } from 'zod';
import { resourceType, type ResourceContext, type ResourceState } from '../resource-type';
import { allTags, bool, document, integer, need, removed, tagMap, tags, text, texts } from './properties';

const repositoryProperties = z.strictObject({
  RepositoryName: text.optional(),
  ImageTagMutability: z.enum(['MUTABLE', 'IMMUTABLE']).optional(),
  LifecyclePolicy: z.strictObject({ LifecyclePolicyText: text }).optional(),
  RepositoryPolicyText: document.optional(),
  Tags: tags.optional(),
});

async function setPolicies(
  ecr: ECRClient,
  repositoryName: string,
  properties: z.output<typeof repositoryProperties>,
): Promise<void> {
  const { LifecyclePolicy, RepositoryPolicyText: policyText } = properties;
  const lifecyclePolicyText = LifecyclePolicy?.LifecyclePolicyText;
  if (lifecyclePolicyText !== undefined)
    await ecr.send(new PutLifecyclePolicyCommand({ repositoryName, lifecyclePolicyText }));
  if (policyText !== undefined)
    await ecr.send(new SetRepositoryPolicyCommand({ repositoryName, policyText }));
}

const repositoryState = (id: string, { region, account }: ResourceContext): ResourceState => ({
  id,
  attributes: {
    Arn: `arn:aws:ecr:${region}:${account}:repository/${id}`,
    RepositoryUri: `${account}.dkr.ecr.${region}.amazonaws.com/${id}`,
  },
});

const repository = resourceType({
  type: 'AWS::ECR::Repository',
  properties: repositoryProperties,
  createOnly: ['RepositoryName', 'ImageTagMutability', 'Tags'],
  async create(properties, context) {
    const { ecr } = context.clients;
    const repositoryName = properties.RepositoryName ?? context.name().toLowerCase();
    const { ImageTagMutability: imageTagMutability, Tags } = properties;
    await ecr.send(
      new CreateRepositoryCommand({ repositoryName, imageTagMutability, tags: allTags(Tags, context) }),
    );
    context.announce(repositoryName);
    await setPolicies(ecr, repositoryName, properties);
    return repositoryState(repositoryName, context);
  },
  async update(id, properties, _previous, context) {
    await setPolicies(context.clients.ecr, id, properties);
    return repositoryState(id, context);
  },
  async delete(id, _properties, { clients: { ecr } }) {
    await removed(ecr.send(new DeleteRepositoryCommand({ repositoryName: id })));
  },
});

const generate = z.strictObject({
  SecretStringTemplate: text.optional(),
  GenerateStringKey: text.optional(),
  PasswordLength: integer.optional(),
  ExcludeCharacters: text.optional(),
  ExcludeLowercase: bool.optional(),
  ExcludeNumbers: bool.optional(),
  ExcludePunctuation: bool.optional(),
  ExcludeUppercase: bool.optional(),
  IncludeSpace: bool.optional(),
  RequireEachIncludedType: bool.optional(),
});

async function generated(secrets: SecretsManagerClient, how: z.output<typeof generate>): Promise<string> {
  const { SecretStringTemplate: template, GenerateStringKey: key, ...options } = how;
  const answer = await secrets.send(new GetRandomPasswordCommand(options));
  const password = need(answer.RandomPassword, 'RandomPassword');
  if (key === undefined) return password;
  return JSON.stringify({ ...(JSON.parse(template ?? '{}') as object), [key]: password });
}

const secret = resourceType({
  type: 'AWS::SecretsManager::Secret',
  properties: z.strictObject({
    Name: text.optional(),
    Description: text.optional(),
    KmsKeyId: text.optional(),
    SecretString: text.optional(),
    GenerateSecretString: generate.optional(),
    Tags: tags.optional(),
  }),
  async create({ Name, Description, KmsKeyId, SecretString, GenerateSecretString, Tags }, context) {
    const { secrets } = context.clients;
    const value = SecretString ?? (await generated(secrets, GenerateSecretString ?? {}));
    const answer = await secrets.send(
      new CreateSecretCommand({
        Name: Name ?? context.name(),
        Description,
        KmsKeyId,
        SecretString: value,
        Tags: allTags(Tags, context),
      }),
    );
    const id = need(answer.ARN, 'ARN of the secret');
    return { id, attributes: { Id: id } };
  },
  async delete(id, _properties, { clients: { secrets } }) {
    await removed(secrets.send(new DeleteSecretCommand({ SecretId: id, ForceDeleteWithoutRecovery: true })));
  },
});

const topic = resourceType({
  type: 'AWS::SNS::Topic',
  properties: z.strictObject({
    TopicName: text.optional(),
    DisplayName: text.optional(),
    KmsMasterKeyId: text.optional(),
    Tags: tags.optional(),
  }),
  async create({ TopicName, DisplayName, KmsMasterKeyId, Tags }, context) {
    const Name = TopicName ?? context.name(256);
    const Attributes = {
      ...(DisplayName === undefined ? {} : { DisplayName }),
      ...(KmsMasterKeyId === undefined ? {} : { KmsMasterKeyId }),
    };
    const answer = await context.clients.sns.send(
      new CreateTopicCommand({ Name, Attributes, Tags: allTags(Tags, context) }),
    );
    const id = need(answer.TopicArn, 'TopicArn');
    return { id, attributes: { TopicArn: id, TopicName: Name } };
  },
  async delete(id, _properties, { clients: { sns } }) {
    await removed(sns.send(new DeleteTopicCommand({ TopicArn: id })));
  },
});

const subscription = resourceType({
  type: 'AWS::SNS::Subscription',
  properties: z.strictObject({ TopicArn: text, Protocol: text, Endpoint: text }),
  async create({ TopicArn, Protocol, Endpoint }, { clients: { sns } }) {
    const answer = await sns.send(
      new SubscribeCommand({ TopicArn, Protocol, Endpoint, ReturnSubscriptionArn: true }),
    );
    const id = need(answer.SubscriptionArn, 'SubscriptionArn');
    return { id, attributes: { Arn: id } };
  },
  async delete(id, _properties, { clients: { sns } }) {
    await removed(sns.send(new UnsubscribeCommand({ SubscriptionArn: id })));
  },
});

const topicPolicy = resourceType({
  type: 'AWS::SNS::TopicPolicy',
  properties: z.strictObject({ Topics: texts, PolicyDocument: document }),
  async create({ Topics, PolicyDocument }, context) {
    for (const TopicArn of Topics)
      await context.clients.sns.send(
        new SetTopicAttributesCommand({ TopicArn, AttributeName: 'Policy', AttributeValue: PolicyDocument }),
      );
    return { id: context.name() };
  },
  // A topic cannot be without a policy; it goes with its topic.
  delete: () => Promise.resolve(),
});

const queue = resourceType({
  type: 'AWS::SQS::Queue',
  properties: z.strictObject({
    QueueName: text.optional(),
    MessageRetentionPeriod: integer.optional(),
    VisibilityTimeout: integer.optional(),
    KmsMasterKeyId: text.optional(),
    SqsManagedSseEnabled: bool.optional(),
    Tags: tags.optional(),
  }),
  async create({ QueueName, Tags, ...attributes }, context) {
    const { sqs } = context.clients;
    const name = QueueName ?? context.name(80);
    const given = Object.entries(attributes).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, String(value)]],
    );
    const Attributes = Object.fromEntries(given) as Record<string, string>;
    const answer = await sqs.send(
      new CreateQueueCommand({ QueueName: name, Attributes, tags: tagMap(Tags, context) }),
    );
    const QueueUrl = need(answer.QueueUrl, 'QueueUrl');
    context.announce(QueueUrl);
    const found = await sqs.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
    return { id: QueueUrl, attributes: { Arn: found.Attributes?.QueueArn, QueueName: name, QueueUrl } };
  },
  async delete(id, _properties, { clients: { sqs } }) {
    await removed(sqs.send(new DeleteQueueCommand({ QueueUrl: id })));
  },
});

const queuePolicy = resourceType({
  type: 'AWS::SQS::QueuePolicy',
  properties: z.strictObject({ Queues: texts, PolicyDocument: document }),
  async create({ Queues, PolicyDocument }, context) {
    for (const QueueUrl of Queues)
      await context.clients.sqs.send(
        new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: PolicyDocument } }),
      );
    return { id: context.name() };
  },
  async delete(_id, { Queues }, { clients: { sqs } }) {
    for (const QueueUrl of Queues)
      await removed(sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { Policy: '' } })));
  },
});

/** Images, secrets, topics and queues. */
export const MESSAGING_TYPES = [repository, secret, topic, subscription, topicPolicy, queue, queuePolicy];
