import {
  AddPermissionCommand,
  CreateFunctionCommand,
  DeleteFunctionCommand,
  RemovePermissionCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { z } from 'zod';
import { resourceType, type ResourceContext, type ResourceState } from '../resource-type';
import { integer, removed, tagMap, tags, text, texts } from './properties';

const functionProperties = z.strictObject({
  FunctionName: text.optional(),
  Description: text.optional(),
  Code: z.strictObject({ S3Bucket: text, S3Key: text, S3ObjectVersion: text.optional() }),
  Handler: text,
  Runtime: text,
  Role: text,
  Architectures: texts.optional(),
  Environment: z.strictObject({ Variables: z.record(z.string(), text) }).optional(),
  EphemeralStorage: z.strictObject({ Size: integer }).optional(),
  LoggingConfig: z
    .strictObject({ LogGroup: text.optional(), LogFormat: z.enum(['JSON', 'Text']).optional() })
    .optional(),
  MemorySize: integer.optional(),
  Timeout: integer.optional(),
  Tags: tags.optional(),
});
type FunctionProperties = z.output<typeof functionProperties>;

// Runtime and architecture are enumerations in the SDK's types; the API checks them.
const configurationOf = (properties: FunctionProperties) => ({
  Description: properties.Description,
  Handler: properties.Handler,
  Runtime: properties.Runtime as 'nodejs24.x',
  Role: properties.Role,
  Environment: properties.Environment,
  EphemeralStorage: properties.EphemeralStorage,
  LoggingConfig: properties.LoggingConfig,
  MemorySize: properties.MemorySize,
  Timeout: properties.Timeout,
});

const stateOf = (id: string, { region, account }: ResourceContext): ResourceState => ({
  id,
  attributes: { Arn: `arn:aws:lambda:${region}:${account}:function:${id}` },
});

const lambdaFunction = resourceType({
  type: 'AWS::Lambda::Function',
  properties: functionProperties,
  createOnly: ['FunctionName', 'Tags'],
  async create(properties, context) {
    const FunctionName = properties.FunctionName ?? context.name();
    await context.clients.lambda.send(
      new CreateFunctionCommand({
        ...configurationOf(properties),
        FunctionName,
        Code: properties.Code,
        Architectures: properties.Architectures as ['arm64'] | undefined,
        Tags: tagMap(properties.Tags, context),
      }),
    );
    return stateOf(FunctionName, context);
  },
  async update(FunctionName, properties, previous, context) {
    const { lambda } = context.clients;
    const Architectures = properties.Architectures as ['arm64'] | undefined;
    const code = (one: FunctionProperties): string => JSON.stringify([one.Code, one.Architectures]);
    if (code(properties) !== code(previous))
      await lambda.send(new UpdateFunctionCodeCommand({ FunctionName, Architectures, ...properties.Code }));
    await lambda.send(
      new UpdateFunctionConfigurationCommand({ ...configurationOf(properties), FunctionName }),
    );
    return stateOf(FunctionName, context);
  },
  async delete(FunctionName, _properties, { clients: { lambda } }) {
    await removed(lambda.send(new DeleteFunctionCommand({ FunctionName })));
  },
});

const permission = resourceType({
  type: 'AWS::Lambda::Permission',
  properties: z.strictObject({
    FunctionName: text,
    Action: text,
    Principal: text,
    SourceAccount: text.optional(),
    SourceArn: text.optional(),
  }),
  async create(properties, context) {
    const StatementId = context.name(100);
    await context.clients.lambda.send(new AddPermissionCommand({ ...properties, StatementId }));
    return { id: StatementId, attributes: { Id: StatementId } };
  },
  async delete(StatementId, { FunctionName }, { clients: { lambda } }) {
    await removed(lambda.send(new RemovePermissionCommand({ FunctionName, StatementId })));
  },
});

/** Functions. */
export const LAMBDA_TYPES = [lambdaFunction, permission];
