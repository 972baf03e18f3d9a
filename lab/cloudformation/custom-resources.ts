import { InvokeCommand } from '@aws-sdk/client-lambda';
import { randomBytes, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AnyResourceType, ResourceContext, ResourceState } from './resource-type';
import { isList, isObject, TemplateError, textOf, type Json, type JsonObject } from './values';

/** How long CloudFormation waits for an answer unless `ServiceTimeout` says otherwise. */
const TIMEOUT_SECONDS = 3600;

const PATH = '/_cloudformation/custom-resource/';

/** Answer of a custom resource's function, as it stands in the body of its PUT. */
interface Answer {
  readonly Status: string;
  readonly Reason?: string;
  readonly PhysicalResourceId?: string;
  readonly StackId: string;
  readonly RequestId: string;
  readonly LogicalResourceId: string;
  readonly Data?: JsonObject;
}

interface Waiting {
  readonly requestId: string;
  settle(answer: Answer): void;
  fail(error: Error): void;
}

/** CloudFormation hands every scalar to the function as a string. */
function stringify(value: Json): Json {
  if (isList(value)) return value.map(stringify);
  if (isObject(value))
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, stringify(one)]));
  return value === null ? null : String(value);
}

function isAnswer(value: unknown): value is Answer {
  return (
    isObject(value) &&
    ['Status', 'StackId', 'RequestId', 'LogicalResourceId'].every((name) => typeof value[name] === 'string')
  );
}

async function bodyOf(incoming: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

/**
 * Calls the functions of custom resources and waits for the answers that they PUT to a URL of the lab, which stands for
 * CloudFormation's presigned S3 URL.
 * Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref.html
 */
export class CustomResources {
  private readonly waiting = new Map<string, Waiting>();

  constructor(
    private readonly endpoint: string,
    private readonly log: (line: string) => void,
  ) {}

  /** Answers a PUT of a function; false for any other path. */
  async receive(incoming: IncomingMessage, outgoing: ServerResponse): Promise<boolean> {
    const { pathname } = new URL(incoming.url ?? '/', this.endpoint);
    if (!pathname.startsWith(PATH)) return false;
    const token = pathname.slice(PATH.length);
    const waiting = this.waiting.get(token);
    const body = await bodyOf(incoming);
    if (incoming.method !== 'PUT' || waiting === undefined) {
      outgoing.writeHead(403).end('Nobody waits for this answer.');
      return true;
    }
    outgoing.writeHead(200).end();
    this.waiting.delete(token);
    this.settle(waiting, body);
    return true;
  }

  /** Ends every wait, when the lab stops. */
  stop(): void {
    for (const waiting of this.waiting.values()) waiting.fail(new Error('The lab was stopped.'));
    this.waiting.clear();
  }

  /** Sends one event to the function and waits for its answer. */
  async call(
    serviceToken: string,
    event: { readonly StackId: string; readonly LogicalResourceId: string } & Readonly<Record<string, Json>>,
    timeoutSeconds: number,
    context: ResourceContext,
  ): Promise<Answer> {
    const token = randomBytes(16).toString('hex');
    const requestId = randomUUID();
    const answer = this.wait(token, requestId, timeoutSeconds);
    const payload = { ...event, RequestId: requestId, ResponseURL: `${this.endpoint}${PATH}${token}` };
    this.log(`custom resource ${event.LogicalResourceId}: ${JSON.stringify(event.RequestType)}`);
    try {
      await context.clients.lambda.send(
        new InvokeCommand({
          FunctionName: serviceToken,
          InvocationType: 'Event',
          Payload: Buffer.from(JSON.stringify(payload)),
        }),
      );
    } catch (error) {
      this.waiting.get(token)?.fail(error instanceof Error ? error : new Error(String(error)));
      this.waiting.delete(token);
    }
    return answer;
  }

  private settle(waiting: Waiting, body: string): void {
    let parsed: unknown;
    try {
      parsed = JSON.parse(body);
    } catch {
      parsed = undefined;
    }
    if (!isAnswer(parsed)) waiting.fail(new Error(`Invalid response object: ${body.slice(0, 500)}`));
    else if (parsed.RequestId !== waiting.requestId)
      waiting.fail(new Error('Response with an unknown RequestId.'));
    else waiting.settle(parsed);
  }

  private wait(token: string, requestId: string, seconds: number): Promise<Answer> {
    return new Promise<Answer>((resolve, reject) => {
      const timer = setTimeout(() => {
        this.waiting.delete(token);
        reject(
          new Error(
            `CloudFormation did not receive a response from your Custom Resource within ${seconds} s. ` +
              `Please check your logs for requestId [${requestId}].`,
          ),
        );
      }, seconds * 1000);
      this.waiting.set(token, {
        requestId,
        settle: (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        fail: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
    });
  }
}

async function send(
  type: string,
  requestType: string,
  properties: JsonObject,
  context: ResourceContext,
  more: Readonly<Record<string, Json>>,
): Promise<ResourceState> {
  const { stackId, logicalId } = context;
  const event = {
    RequestType: requestType,
    ServiceToken: textOf(properties.ServiceToken, `ServiceToken of ${logicalId}`),
    StackId: stackId,
    LogicalResourceId: logicalId,
    ResourceType: type,
    ResourceProperties: stringify(properties),
    ...more,
  };
  const timeout = Number(textOf(properties.ServiceTimeout ?? TIMEOUT_SECONDS, 'ServiceTimeout'));
  const answer = await context.customResources.call(event.ServiceToken, event, timeout, context);
  if (answer.PhysicalResourceId !== undefined) context.announce(answer.PhysicalResourceId);
  if (answer.Status !== 'SUCCESS')
    throw new TemplateError(
      `Received response status [${answer.Status}] from custom resource. Message returned: ${answer.Reason ?? '(none)'}`,
    );
  if (answer.PhysicalResourceId === undefined) throw new TemplateError('Invalid PhysicalResourceId');
  return { id: answer.PhysicalResourceId, attributes: answer.Data ?? {} };
}

/** Whether a type is a custom resource. */
export const isCustom = (type: string): boolean =>
  type === 'AWS::CloudFormation::CustomResource' || type.startsWith('Custom::');

/** A custom resource: what it makes is its function's business. */
export function customResource(type: string): AnyResourceType {
  const previousOf = (previous: JsonObject): Record<string, Json> => ({
    OldResourceProperties: stringify(previous),
  });
  return {
    type,
    createOnly: ['ServiceToken'],
    replacesWhen: {},
    records: {},
    updatePolicies: [],
    known: ['ServiceToken', 'ServiceTimeout'],
    canUpdate: true,
    canSnapshot: false,
    read: undefined,
    check: (properties) => {
      textOf(properties.ServiceToken, 'ServiceToken');
    },
    create: (properties, context) => {
      // A function that never answers still gets the Delete event, with the id that CloudFormation made up.
      context.announce(context.name());
      return send(type, 'Create', properties, context, {});
    },
    update: (id, properties, previous, context) =>
      send(type, 'Update', properties, context, { PhysicalResourceId: id, ...previousOf(previous) }),
    delete: async (id, properties, context) => {
      await send(type, 'Delete', properties, context, { PhysicalResourceId: id });
    },
    snapshot: () => Promise.reject(new TemplateError(`${type} cannot be kept as a snapshot.`)),
  };
}
