import type { LabContext } from '../context';
import { listOf, structuresOf } from '../endpoint/call';
import type { AwsCall, Extension, Interceptor } from '../endpoint/extension';
import { AwsFault } from '../endpoint/fault';
import { queryReply } from '../endpoint/reply';
import type { OwnPath } from '../endpoint/server';
import type { XmlValue } from '../endpoint/xml';
import { CustomResources } from './custom-resources';
import { Engine, type Request } from './engine';
import type { OnCreateFailure } from './operation';
import {
  describeChangeSet,
  describeEvent,
  describeResource,
  describeStack,
  summarizeChangeSet,
  summarizeStack,
} from './render';
import { makeServices } from './services';
import { readTemplate } from './template';
import { textOf } from './values';

type Input = AwsCall['input'];
type Answer = (input: Input, engine: Engine) => XmlValue | Promise<XmlValue>;

/** Events on one page; CloudFormation's own page is of this size. */
const PAGE = 100;

const optional = (input: Input, name: string): string | undefined => {
  const value = input[name];
  return typeof value === 'string' && value !== '' ? value : undefined;
};

function required(input: Input, name: string): string {
  const value = optional(input, name);
  if (value === undefined)
    throw new AwsFault('ValidationError', `1 validation error detected: ${name} is missing.`);
  return value;
}

const isTrue = (input: Input, name: string): boolean => input[name] === 'true';

function requestOf(input: Input): Request {
  const parameters = structuresOf(input, 'Parameters').map(
    ({ ParameterKey = '', ParameterValue, UsePreviousValue }) =>
      [ParameterKey, UsePreviousValue === 'true' ? undefined : ParameterValue] as const,
  );
  const tags = structuresOf(input, 'Tags').map(({ Key = '', Value = '' }) => ({ Key, Value }));
  return {
    templateBody: optional(input, 'TemplateBody'),
    templateUrl: optional(input, 'TemplateURL'),
    usePreviousTemplate: isTrue(input, 'UsePreviousTemplate'),
    parameters: Object.fromEntries(parameters),
    tags: tags.length > 0 ? tags : undefined,
    capabilities: listOf(input, 'Capabilities'),
    roleArn: optional(input, 'RoleARN'),
    notificationArns: listOf(input, 'NotificationARNs'),
    disableRollback: isTrue(input, 'DisableRollback'),
  };
}

function onFailureOf(input: Input): OnCreateFailure {
  if (isTrue(input, 'DisableRollback')) return 'DO_NOTHING';
  const value = optional(input, 'OnFailure') ?? 'ROLLBACK';
  if (value === 'ROLLBACK' || value === 'DO_NOTHING' || value === 'DELETE') return value;
  throw new AwsFault('ValidationError', `OnFailure must be ROLLBACK, DO_NOTHING or DELETE, not ${value}.`);
}

function eventPage(input: Input, engine: Engine): XmlValue {
  const stack = engine.get(required(input, 'StackName'));
  // Pages are counted from the oldest event, so that events arriving meanwhile do not shift them.
  const end = Number(optional(input, 'NextToken') ?? stack.events.length);
  const start = Math.max(0, end - PAGE);
  const page = stack.events.slice(start, end).reverse();
  return {
    StackEvents: page.map((event) => describeEvent(stack, event)),
    NextToken: start > 0 ? String(start) : undefined,
  };
}

async function summarizeTemplate(input: Input, engine: Engine): Promise<XmlValue> {
  const name = optional(input, 'StackName');
  const body =
    name === undefined ? await engine.bodyOf(requestOf(input)) : (engine.get(name).target?.body ?? '');
  const template = readTemplate(body);
  return {
    Description: template.description,
    ResourceTypes: [...new Set(Object.values(template.resources).map(({ type }) => type))],
    Parameters: Object.entries(template.parameters).map(([ParameterKey, definition]) => ({
      ParameterKey,
      ParameterType: textOf(definition.Type, ParameterKey),
      DefaultValue: definition.Default === undefined ? undefined : textOf(definition.Default, ParameterKey),
    })),
  };
}

function describeStacks(input: Input, engine: Engine): XmlValue {
  const name = optional(input, 'StackName');
  return { Stacks: (name === undefined ? engine.live() : [engine.get(name)]).map(describeStack) };
}

function resourceOf(input: Input, engine: Engine): XmlValue {
  const stack = engine.get(required(input, 'StackName'));
  const id = required(input, 'LogicalResourceId');
  const record = stack.resources.get(id);
  if (record === undefined)
    throw new AwsFault('ValidationError', `Resource ${id} does not exist for stack ${stack.name}`);
  return { StackResourceDetail: describeResource(stack, record, 'summary') };
}

const changeSetOf = (input: Input, engine: Engine): ReturnType<Engine['changeSet']> =>
  engine.changeSet(required(input, 'ChangeSetName'), optional(input, 'StackName'));

const ANSWERS: Readonly<Record<string, Answer>> = {
  CreateStack: async (input, engine) => {
    const stack = await engine.create(required(input, 'StackName'), requestOf(input), onFailureOf(input));
    stack.terminationProtection = isTrue(input, 'EnableTerminationProtection');
    return { StackId: stack.id };
  },
  UpdateStack: async (input, engine) => {
    const stack = await engine.update(required(input, 'StackName'), requestOf(input));
    return { StackId: stack.id };
  },
  DeleteStack: (input, engine) => {
    engine.delete(required(input, 'StackName'), listOf(input, 'RetainResources'));
    return {};
  },
  DescribeStacks: describeStacks,
  ListStacks: (input, engine) => {
    const wanted = listOf(input, 'StackStatusFilter');
    const found = engine.all().filter(({ status }) => wanted.length === 0 || wanted.includes(status));
    return { StackSummaries: found.map(summarizeStack) };
  },
  DescribeStackEvents: eventPage,
  DescribeStackResource: resourceOf,
  DescribeStackResources: (input, engine) => {
    const stack = engine.get(required(input, 'StackName'));
    const id = optional(input, 'LogicalResourceId');
    const found = [...stack.resources.values()].filter(
      ({ logicalId }) => id === undefined || logicalId === id,
    );
    return { StackResources: found.map((record) => describeResource(stack, record, 'description')) };
  },
  ListStackResources: (input, engine) => {
    const stack = engine.get(required(input, 'StackName'));
    return {
      StackResourceSummaries: [...stack.resources.values()].map((record) =>
        describeResource(stack, record, 'summary'),
      ),
    };
  },
  GetTemplate: (input, engine) => {
    const name = optional(input, 'ChangeSetName');
    const target =
      name === undefined
        ? engine.get(required(input, 'StackName')).target
        : changeSetOf(input, engine).changeSet.target;
    return { TemplateBody: target?.body ?? '', StagesAvailable: ['Original', 'Processed'] };
  },
  GetTemplateSummary: summarizeTemplate,
  ValidateTemplate: summarizeTemplate,
  ListExports: (_input, engine) => ({
    Exports: engine
      .live()
      .flatMap((stack) =>
        stack.outputs
          .filter(({ exportName }) => exportName !== undefined)
          .map(({ exportName, value }) => ({ ExportingStackId: stack.id, Name: exportName, Value: value })),
      ),
  }),
  UpdateTerminationProtection: (input, engine) => {
    const stack = engine.get(required(input, 'StackName'));
    stack.terminationProtection = isTrue(input, 'EnableTerminationProtection');
    return { StackId: stack.id };
  },
  CreateChangeSet: async (input, engine) => {
    const kind = optional(input, 'ChangeSetType') ?? 'UPDATE';
    if (kind !== 'CREATE' && kind !== 'UPDATE')
      throw new AwsFault(
        'ValidationError',
        `The lab makes change sets of type CREATE and UPDATE, not ${kind}.`,
      );
    const name = required(input, 'ChangeSetName');
    const { stack, changeSet } = await engine.createChangeSet(
      required(input, 'StackName'),
      name,
      kind,
      optional(input, 'Description'),
      requestOf(input),
    );
    return { Id: changeSet.id, StackId: stack.id };
  },
  DescribeChangeSet: (input, engine) => {
    const { stack, changeSet } = changeSetOf(input, engine);
    return describeChangeSet(stack, changeSet);
  },
  ListChangeSets: (input, engine) => {
    const stack = engine.get(required(input, 'StackName'));
    return {
      Summaries: [...stack.changeSets.values()].map((changeSet) => summarizeChangeSet(stack, changeSet)),
    };
  },
  ExecuteChangeSet: (input, engine) => {
    const { stack, changeSet } = changeSetOf(input, engine);
    engine.execute(stack, changeSet, isTrue(input, 'DisableRollback'));
    return {};
  },
  DeleteChangeSet: (input, engine) => {
    // Deleting a change set that does not exist succeeds, as long as its stack does.
    const stack = engine.get(required(input, 'StackName'));
    const name = required(input, 'ChangeSetName');
    for (const changeSet of stack.changeSets.values())
      if (changeSet.name === name || changeSet.id === name) stack.changeSets.delete(changeSet.name);
    return {};
  },
  // Stacks change in no other way than through this engine: there are no validation events beside the stack's own.
  DescribeEvents: () => ({ OperationEvents: [] }),
  ListHookResults: () => ({ HookResults: [] }),
};

/** The extension, and where the functions of custom resources send their answers. */
export interface CloudFormation {
  readonly extension: Extension;
  readonly answerCustomResource: OwnPath;
}

/**
 * CloudFormation: an engine of the lab's own, which makes every resource by calling the ordinary APIs at the lab's
 * endpoint. Each region has its own stacks.
 */
export function cloudFormation(context: LabContext): CloudFormation {
  const log = (line: string): void => {
    context.log(line);
  };
  const customResources = new CustomResources(context.endpoint, log);
  const { account } = context;
  const engines = new Map<string, Engine>();
  const engineOf = (region: string): Engine => {
    const known = engines.get(region);
    if (known !== undefined) return known;
    const stacks = (): ReturnType<Engine['live']> => engine.live();
    const engine = new Engine(
      makeServices(context.endpoint, region, { customResources, account, stacks, log }),
    );
    engines.set(region, engine);
    return engine;
  };
  const intercept =
    (answer: Answer): Interceptor =>
    async (call) => {
      try {
        return queryReply(call, await answer(call.input, engineOf(call.region)));
      } catch (error) {
        if (error instanceof Error && error.name === 'TemplateError')
          throw new AwsFault('ValidationError', error.message);
        throw error;
      }
    };
  const unknown: Interceptor = (call) => {
    const message = `The lab's CloudFormation does not know ${call.operation}.`;
    context.log(message);
    return Promise.reject(new AwsFault('InvalidAction', message));
  };
  const known = Object.entries(ANSWERS).map(([name, answer]) => [name, intercept(answer)] as const);
  const operations: Record<string, Interceptor> = { ...Object.fromEntries(known), '*': unknown };
  const stop = (): Promise<void> => {
    customResources.stop();
    return Promise.resolve();
  };
  return {
    extension: { service: 'cloudformation', operations, stop },
    answerCustomResource: (incoming, outgoing) => customResources.receive(incoming, outgoing),
  };
}
