import {
  DeleteRuleCommand,
  PutRuleCommand,
  PutTargetsCommand,
  RemoveTargetsCommand,
  type EventBridgeClient,
} from '@aws-sdk/client-eventbridge';
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  UpdateStateMachineCommand,
} from '@aws-sdk/client-sfn';
import { z } from 'zod';
import { resourceType, type ResourceContext } from '../resource-type';
import { bool, document, integer, need, removed, tags, text } from './properties';

const machineProperties = z.strictObject({
  StateMachineName: text.optional(),
  StateMachineType: z.literal('STANDARD').optional(),
  DefinitionString: text,
  RoleArn: text,
  LoggingConfiguration: z
    .strictObject({
      Destinations: z.array(
        z.strictObject({ CloudWatchLogsLogGroup: z.strictObject({ LogGroupArn: text }) }),
      ),
      IncludeExecutionData: bool.optional(),
      Level: z.enum(['ALL', 'ERROR', 'FATAL', 'OFF']).optional(),
    })
    .optional(),
  TracingConfiguration: z.strictObject({ Enabled: bool }).optional(),
  Tags: tags.optional(),
});

// The API's names begin small, CloudFormation's do not.
const settingsOf = (properties: z.output<typeof machineProperties>) => ({
  definition: properties.DefinitionString,
  roleArn: properties.RoleArn,
});

const stateMachine = resourceType({
  type: 'AWS::StepFunctions::StateMachine',
  properties: machineProperties,
  createOnly: ['StateMachineName', 'StateMachineType', 'Tags'],
  records: {
    LoggingConfiguration:
      'executions of the lab are read by GetExecutionHistory; nothing is sent to log groups',
    TracingConfiguration: 'nothing is traced in the lab',
  },
  async create(properties, context) {
    const name = properties.StateMachineName ?? context.name(80);
    const answer = await context.clients.sfn.send(
      new CreateStateMachineCommand({ name, ...settingsOf(properties) }),
    );
    const id = need(answer.stateMachineArn, 'stateMachineArn');
    return { id, attributes: { Arn: id, Name: name } };
  },
  async update(id, properties, _previous, { clients: { sfn } }) {
    await sfn.send(new UpdateStateMachineCommand({ stateMachineArn: id, ...settingsOf(properties) }));
    return { id, attributes: { Arn: id, Name: id.split(':').at(-1) } };
  },
  async delete(id, _properties, { clients: { sfn } }) {
    await removed(sfn.send(new DeleteStateMachineCommand({ stateMachineArn: id })));
  },
});

const ruleProperties = z.strictObject({
  Name: text.optional(),
  Description: text.optional(),
  EventPattern: document,
  State: z.enum(['ENABLED', 'DISABLED']).optional(),
  Targets: z
    .array(
      z.strictObject({
        Id: text,
        Arn: text,
        Input: text.optional(),
        InputTransformer: z
          .strictObject({ InputPathsMap: z.record(z.string(), text).optional(), InputTemplate: text })
          .optional(),
        RetryPolicy: z
          .strictObject({
            MaximumEventAgeInSeconds: integer.optional(),
            MaximumRetryAttempts: integer.optional(),
          })
          .optional(),
      }),
    )
    .default([]),
});
type RuleProperties = z.output<typeof ruleProperties>;

async function putRule(id: string, properties: RuleProperties, context: ResourceContext): Promise<void> {
  const { events } = context.clients;
  const { Description, EventPattern, State, Targets } = properties;
  await events.send(new PutRuleCommand({ Name: id, Description, EventPattern, State }));
  if (Targets.length > 0) await events.send(new PutTargetsCommand({ Rule: id, Targets }));
}

async function dropTargets(
  events: EventBridgeClient,
  id: string,
  { Targets }: RuleProperties,
): Promise<void> {
  const Ids = Targets.map((target) => target.Id);
  if (Ids.length > 0) await removed(events.send(new RemoveTargetsCommand({ Rule: id, Ids })));
}

const rule = resourceType({
  type: 'AWS::Events::Rule',
  properties: ruleProperties,
  createOnly: ['Name'],
  async create(properties, context) {
    const id = properties.Name ?? context.name();
    await putRule(id, properties, context);
    return { id, attributes: { Arn: ruleArn(id, context) } };
  },
  async update(id, properties, previous, context) {
    await dropTargets(context.clients.events, id, previous);
    await putRule(id, properties, context);
    return { id, attributes: { Arn: ruleArn(id, context) } };
  },
  async delete(id, properties, { clients: { events } }) {
    await dropTargets(events, id, properties);
    await removed(events.send(new DeleteRuleCommand({ Name: id })));
  },
});

const ruleArn = (id: string, { region, account }: ResourceContext): string =>
  `arn:aws:events:${region}:${account}:rule/${id}`;

/** State machines and the rules that hear of their ends. */
export const WORKFLOW_TYPES = [stateMachine, rule];
