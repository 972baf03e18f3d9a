import { GetObjectCommand } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { AwsFault } from '../endpoint/fault';
import { Operation, type OnCreateFailure } from './operation';
import { resolveParameters } from './parameters';
import { changesOf, planOf } from './planning';
import { reasonOf } from './resource-work';
import { evaluateOutputs } from './scope';
import type { Services } from './services';
import { Stack, type ChangeSet, type Target } from './stack';
import { readTemplate } from './template';
import type { Tag } from './resource-type';

/** What a caller hands in to create, update or preview a stack. */
export interface Request {
  readonly templateBody: string | undefined;
  readonly templateUrl: string | undefined;
  readonly usePreviousTemplate: boolean;
  /** Values by name; undefined means the previous value. */
  readonly parameters: Readonly<Record<string, string | undefined>>;
  /** Undefined means the tags stay. */
  readonly tags: readonly Tag[] | undefined;
  readonly capabilities: readonly string[];
  readonly roleArn: string | undefined;
  readonly notificationArns: readonly string[];
  readonly disableRollback: boolean;
}

const invalid = (message: string): AwsFault => new AwsFault('ValidationError', message);

/** CloudFormation's words for a change set without changes; the CDK knows them by heart. */
export const NO_CHANGES =
  "The submitted information didn't contain changes. Submit different information to create a change set.";

/** The stacks of one region. */
export class Engine {
  private readonly stacks = new Map<string, Stack>();

  constructor(private readonly services: Services) {}

  /** Every stack, the deleted ones too, oldest first. */
  all(): readonly Stack[] {
    return [...this.stacks.values()];
  }

  /** Stacks that are not deleted. */
  live(): readonly Stack[] {
    return this.all().filter(({ status }) => status !== 'DELETE_COMPLETE');
  }

  /** Finds a stack by name or id; a deleted one only by its id. */
  find(nameOrId: string): Stack | undefined {
    return this.stacks.get(nameOrId) ?? this.live().find(({ name }) => name === nameOrId);
  }

  /** Finds a stack, or refuses as CloudFormation does. */
  get(nameOrId: string): Stack {
    const stack = this.find(nameOrId);
    if (stack === undefined) throw invalid(`Stack with id ${nameOrId} does not exist`);
    return stack;
  }

  /** Begins to create a stack. */
  async create(name: string, request: Request, onFailure: OnCreateFailure): Promise<Stack> {
    if (this.find(name) !== undefined)
      throw new AwsFault('AlreadyExistsException', `Stack [${name}] already exists`);
    const stack = this.newStack(name);
    const target = await this.targetOf(stack, request);
    await this.changes(stack, target);
    this.keep(stack, request);
    this.begin(stack, new Operation(stack, this.services).create(target, onFailure));
    return stack;
  }

  /** Begins to update a stack. */
  async update(nameOrId: string, request: Request): Promise<Stack> {
    const stack = this.get(nameOrId);
    this.refuseBusy(stack);
    const target = await this.targetOf(stack, request);
    if (!(await this.differs(stack, target))) throw invalid('No updates are to be performed.');
    this.keep(stack, request);
    this.begin(stack, new Operation(stack, this.services).update(target, request.disableRollback));
    return stack;
  }

  /** Begins to delete a stack. */
  delete(nameOrId: string, retain: readonly string[]): void {
    const stack = this.find(nameOrId);
    if (stack === undefined || stack.status === 'DELETE_COMPLETE') return;
    if (stack.terminationProtection)
      throw invalid(`Stack [${stack.name}] cannot be deleted while TerminationProtection is enabled`);
    this.refuseBusy(stack);
    const names = stack.outputs.map(({ exportName }) => exportName);
    const user = this.live().find(
      (other) => other !== stack && names.some((name) => name !== undefined && other.imports.has(name)),
    );
    if (user !== undefined)
      throw invalid(`Export of ${stack.name} cannot be deleted as it is in use by ${user.name}`);
    this.begin(stack, new Operation(stack, this.services).delete(retain));
  }

  /** Previews what a request would change; the change set is complete, or failed with a reason, at once. */
  async createChangeSet(
    nameOrId: string,
    changeSetName: string,
    kind: ChangeSet['kind'],
    description: string | undefined,
    request: Request,
  ): Promise<{ stack: Stack; changeSet: ChangeSet }> {
    const found = this.find(nameOrId);
    if (kind === 'UPDATE' && (found === undefined || found.status === 'REVIEW_IN_PROGRESS'))
      throw invalid(`Stack [${nameOrId}] does not exist`);
    if (kind === 'CREATE' && found !== undefined && found.status !== 'REVIEW_IN_PROGRESS')
      throw invalid(
        `Stack [${nameOrId}] already exists and cannot be created again with the changeSet [${changeSetName}].`,
      );
    const stack = found ?? this.newStack(nameOrId);
    this.refuseBusy(stack);
    if (stack.changeSets.has(changeSetName))
      throw new AwsFault(
        'AlreadyExistsException',
        `ChangeSet ${changeSetName} cannot be created due to a mismatch with existing attribute Name`,
      );
    const target = await this.targetOf(stack, request);
    const changes = await this.changes(stack, target);
    const isEmpty = changes.length === 0 && !(await this.differs(stack, target));
    const changeSet: ChangeSet = {
      id: this.arn(`changeSet/${changeSetName}/${randomUUID()}`),
      name: changeSetName,
      kind,
      description,
      createdAt: new Date(),
      status: isEmpty ? 'FAILED' : 'CREATE_COMPLETE',
      reason: isEmpty ? NO_CHANGES : undefined,
      executed: false,
      target,
      changes,
    };
    this.keep(stack, request);
    if (found === undefined) stack.move('REVIEW_IN_PROGRESS', 'User Initiated');
    stack.changeSets.set(changeSetName, changeSet);
    return { stack, changeSet };
  }

  /** Finds a change set by name or id. */
  changeSet(nameOrId: string, stackNameOrId: string | undefined): { stack: Stack; changeSet: ChangeSet } {
    const stacks = stackNameOrId === undefined ? this.all() : [this.get(stackNameOrId)];
    for (const stack of stacks)
      for (const changeSet of stack.changeSets.values())
        if (changeSet.name === nameOrId || changeSet.id === nameOrId) return { stack, changeSet };
    throw new AwsFault('ChangeSetNotFound', `ChangeSet [${nameOrId}] does not exist`, 404);
  }

  /** Begins to do what a change set says. */
  execute(stack: Stack, changeSet: ChangeSet, disableRollback: boolean): void {
    const { target } = changeSet;
    if (changeSet.status !== 'CREATE_COMPLETE' || changeSet.executed || target === undefined)
      throw new AwsFault(
        'InvalidChangeSetStatus',
        `ChangeSet [${changeSet.id}] cannot be executed in its current status of [${changeSet.status}]`,
      );
    this.refuseBusy(stack);
    changeSet.executed = true;
    stack.changeSets.clear();
    stack.disableRollback = disableRollback;
    const operation = new Operation(stack, this.services);
    const onFailure = disableRollback ? 'DO_NOTHING' : 'ROLLBACK';
    this.begin(
      stack,
      changeSet.kind === 'CREATE'
        ? operation.create(target, onFailure)
        : operation.update(target, disableRollback),
    );
  }

  /** Reads the template that a request means. */
  async bodyOf(request: Pick<Request, 'templateBody' | 'templateUrl'>): Promise<string> {
    if (request.templateBody !== undefined) return request.templateBody;
    if (request.templateUrl === undefined)
      throw invalid('Either Template URL or Template Body must be specified.');
    const url = new URL(request.templateUrl);
    const virtual = /^(.+)\.s3[.-][^/]*amazonaws\.com$/.exec(url.hostname)?.[1];
    const path = url.pathname.slice(1).split('/').map(decodeURIComponent);
    const [bucket = '', ...key] = virtual === undefined ? path : [virtual, ...path];
    const object = await this.services.clients.s3
      .send(new GetObjectCommand({ Bucket: bucket, Key: key.join('/') }))
      .catch((error: unknown) => {
        throw invalid(`S3 error: ${reasonOf(error)} (${url.href})`);
      });
    return (await object.Body?.transformToString()) ?? '';
  }

  private newStack(name: string): Stack {
    if (!/^[A-Za-z][A-Za-z0-9-]{0,127}$/.test(name))
      throw invalid(
        `1 validation error detected: Value '${name}' at 'stackName' failed to satisfy constraint: Member must satisfy regular expression pattern: [a-zA-Z][-a-zA-Z0-9]*`,
      );
    return new Stack(name, this.arn(`stack/${name}/${randomUUID()}`));
  }

  private arn(rest: string): string {
    return `arn:aws:cloudformation:${this.services.region}:${this.services.account}:${rest}`;
  }

  private refuseBusy(stack: Stack): void {
    if (stack.isBusy) throw invalid(`Stack:${stack.id} is in ${stack.status} state and can not be updated.`);
  }

  private keep(stack: Stack, request: Request): void {
    this.stacks.set(stack.id, stack);
    stack.roleArn = request.roleArn;
    stack.capabilities = request.capabilities;
    stack.notificationArns = request.notificationArns;
    stack.disableRollback = request.disableRollback;
  }

  private async targetOf(stack: Stack, request: Request): Promise<Target> {
    const previous = stack.target;
    const body =
      request.usePreviousTemplate && previous !== undefined ? previous.body : await this.bodyOf(request);
    try {
      const template = readTemplate(body);
      const given = Object.entries(request.parameters).flatMap(([name, value]) => {
        const known = value ?? previous?.parameters[name]?.given;
        return known === undefined ? [] : [[name, known] as const];
      });
      const parameters = await resolveParameters(template, Object.fromEntries(given), this.services.clients);
      return { template, body, parameters, tags: request.tags ?? previous?.tags ?? [] };
    } catch (error) {
      throw invalid(reasonOf(error));
    }
  }

  private async changes(stack: Stack, target: Target): Promise<ChangeSet['changes']> {
    try {
      return await changesOf(target, stack, this.services);
    } catch (error) {
      throw invalid(reasonOf(error));
    }
  }

  /** Whether a target changes anything: resources, outputs or tags. */
  private async differs(stack: Stack, target: Target): Promise<boolean> {
    if ((await this.changes(stack, target)).length > 0) return true;
    if (!isDeepStrictEqual(stack.target?.tags, target.tags)) return true;
    const plan = await planOf(target, stack, this.services);
    return !isDeepStrictEqual(evaluateOutputs(target.template, plan.scope), stack.outputs);
  }

  /** Lets an operation run on; whatever escapes it is a defect of the lab and fails the stack. */
  private begin(stack: Stack, operation: Promise<void>): void {
    operation.catch((error: unknown) => {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.services.log(`cloudformation: ${stack.name}: ${text}`);
      stack.move(
        stack.status.replace(/(_CLEANUP)?_IN_PROGRESS$/, '_FAILED'),
        `The lab failed: ${reasonOf(error)}`,
      );
    });
  }
}
