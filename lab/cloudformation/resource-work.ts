import { randomBytes } from 'node:crypto';
import { differenceOf } from './changes';
import { resolveDynamic } from './dynamic';
import { typeOf } from './registry';
import type { AnyResourceType, ResourceContext, ResourceState } from './resource-type';
import type { Services } from './services';
import type { ResourceRecord, Stack, Target } from './stack';
import type { ResourceDefinition } from './template';
import { isObject, TemplateError, type JsonObject } from './values';

/** What one resource went through, so that it can be undone. */
export type Deed =
  | { readonly kind: 'created'; readonly after: ResourceRecord }
  | { readonly kind: 'updated'; readonly before: ResourceRecord; readonly after: ResourceRecord }
  | { readonly kind: 'replaced'; readonly before: ResourceRecord; readonly after: ResourceRecord };

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const chance = (length: number): string =>
  [...randomBytes(length)].map((byte) => LETTERS[byte % LETTERS.length]).join('');

/** A failure as CloudFormation words it. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error instanceof TemplateError || error.name === 'PropertyError') return error.message;
  return `Resource handler returned message: "${error.message}" (HandlerErrorCode: ${error.name})`;
}

/** Makes, changes and removes single resources of one stack, and tells the stack about it. */
export class ResourceWork {
  /** In the order of their doing. */
  readonly deeds: Deed[] = [];

  constructor(
    private readonly stack: Stack,
    private readonly services: Services,
    private readonly target: Target,
  ) {}

  /** Makes one resource what its definition says. */
  async apply(
    definition: ResourceDefinition,
    properties: JsonObject,
    dependsOn: readonly string[],
  ): Promise<void> {
    const type = this.typeOf(definition.type);
    const before = this.stack.resources.get(definition.logicalId);
    const planned = this.recordOf(definition, properties, dependsOn);
    if (before === undefined) {
      await this.create(type, planned);
      return;
    }
    const { kind } = differenceOf(before, definition, properties, type);
    if (kind === 'replace') await this.replace(type, planned, before);
    else if (kind === 'update') await this.update(type, planned, before);
    else {
      const { logicalId } = definition;
      const after = {
        ...planned,
        physicalId: before.physicalId,
        attributes: before.attributes,
        status: before.status,
      };
      this.stack.resources.set(logicalId, after);
      if (kind === 'record') {
        this.deeds.push({ kind: 'updated', before, after: { ...after, properties: before.properties } });
        this.stack.keep(after, 'UPDATE_COMPLETE');
      }
    }
  }

  /** Brings attributes up to date that others may have changed. */
  async refresh(logicalIds: Iterable<string>): Promise<void> {
    for (const id of logicalIds) {
      const record = this.stack.resources.get(id);
      const read = record === undefined ? undefined : typeOf(record.type)?.read;
      if (record === undefined || read === undefined || record.physicalId === '') continue;
      this.stack.resources.set(id, {
        ...record,
        attributes: await read(record.physicalId, this.contextOf(record)),
      });
    }
  }

  /** Removes a resource, as its policy says. `context`: whether its own creation is being undone, or it was replaced. */
  async remove(record: ResourceRecord, context: 'delete' | 'rollback' | 'replaced'): Promise<void> {
    const policy = context === 'replaced' ? record.updateReplacePolicy : record.deletionPolicy;
    const retained = policy === 'Retain' || (policy === 'RetainExceptOnCreate' && context !== 'rollback');
    if (retained) {
      this.stack.tellOf(record, 'DELETE_SKIPPED');
      return;
    }
    this.stack.tellOf(record, 'DELETE_IN_PROGRESS');
    const type = this.typeOf(record.type);
    const properties = await this.resolved(record.properties);
    const snapshot = policy === 'Snapshot' && context !== 'rollback';
    // What was never made, or whose properties were refused, has no physical id.
    if (record.physicalId !== '') {
      if (snapshot) await type.snapshot(record.physicalId, properties, this.contextOf(record));
      else await type.delete(record.physicalId, properties, this.contextOf(record));
    }
    this.stack.tellOf(record, 'DELETE_COMPLETE');
  }

  /** Takes a deed back. */
  async undo(deed: Deed): Promise<void> {
    const { logicalId } = deed.after;
    if (deed.kind === 'updated') {
      await this.revert(deed.before, deed.after);
      return;
    }
    await this.remove(this.stack.resources.get(logicalId) ?? deed.after, 'rollback');
    if (deed.kind === 'created') this.stack.resources.delete(logicalId);
    else this.stack.resources.set(logicalId, deed.before);
  }

  private async revert(before: ResourceRecord, after: ResourceRecord): Promise<void> {
    this.stack.keep({ ...before }, 'UPDATE_IN_PROGRESS');
    const isSame = before.properties === after.properties;
    const state = isSame
      ? { id: before.physicalId, attributes: before.attributes }
      : await this.typeOf(before.type).update(
          after.physicalId,
          await this.resolved(before.properties),
          await this.resolved(after.properties),
          this.contextOf(before),
        );
    this.stack.keep(
      { ...before, physicalId: state.id, attributes: state.attributes ?? {} },
      'UPDATE_COMPLETE',
    );
  }

  private async create(type: AnyResourceType, planned: ResourceRecord): Promise<void> {
    const made = this.stack.keep(planned, 'CREATE_IN_PROGRESS');
    this.deeds.push({ kind: 'created', after: made });
    await this.make(type, made, 'CREATE');
  }

  private async replace(
    type: AnyResourceType,
    planned: ResourceRecord,
    before: ResourceRecord,
  ): Promise<void> {
    const reason = 'Requested update requires the creation of a new physical resource; hence creating one.';
    this.stack.tellOf(before, 'UPDATE_IN_PROGRESS', reason);
    const made = { ...planned, status: 'UPDATE_IN_PROGRESS' };
    this.stack.resources.set(planned.logicalId, made);
    this.deeds.push({ kind: 'replaced', before, after: made });
    await this.make(type, made, 'UPDATE');
  }

  private async make(
    type: AnyResourceType,
    record: ResourceRecord,
    verb: 'CREATE' | 'UPDATE',
  ): Promise<void> {
    let known = record;
    const announce = (id: string): void => {
      known = { ...record, physicalId: id };
      this.stack.resources.set(record.logicalId, known);
    };
    try {
      const properties = await this.resolved(record.properties);
      type.check(properties);
      const state = await type.create(properties, { ...this.contextOf(record), announce });
      this.finish(record, state, verb);
    } catch (error) {
      this.stack.keep(known, `${verb}_FAILED`, reasonOf(error));
      throw error;
    }
  }

  private async update(
    type: AnyResourceType,
    planned: ResourceRecord,
    before: ResourceRecord,
  ): Promise<void> {
    const after = { ...planned, physicalId: before.physicalId, attributes: before.attributes };
    this.stack.keep(after, 'UPDATE_IN_PROGRESS');
    try {
      const properties = await this.resolved(planned.properties);
      type.check(properties);
      this.deeds.push({ kind: 'updated', before, after });
      const old = await this.resolved(before.properties);
      const state = await type.update(before.physicalId, properties, old, this.contextOf(planned));
      if (state.id !== before.physicalId) {
        // Only custom resources do this: another physical id means another resource, the old one is to go.
        this.deeds.pop();
        this.deeds.push({ kind: 'replaced', before, after: { ...after, physicalId: state.id } });
      }
      this.finish(after, state, 'UPDATE');
    } catch (error) {
      this.stack.keep({ ...before }, 'UPDATE_FAILED', reasonOf(error));
      throw error;
    }
  }

  private finish(record: ResourceRecord, state: ResourceState, verb: 'CREATE' | 'UPDATE'): void {
    const attributes = state.attributes ?? {};
    this.stack.keep({ ...record, physicalId: state.id, attributes }, `${verb}_COMPLETE`);
  }

  private recordOf(
    definition: ResourceDefinition,
    properties: JsonObject,
    dependsOn: readonly string[],
  ): ResourceRecord {
    const { logicalId, type, deletionPolicy, updateReplacePolicy, updatePolicy } = definition;
    const policies = { deletionPolicy, updateReplacePolicy, updatePolicy };
    const empty = { physicalId: '', status: '', reason: undefined, changedAt: new Date(), attributes: {} };
    return { ...empty, ...policies, logicalId, type, properties, dependsOn };
  }

  private typeOf(name: string): AnyResourceType {
    const type = typeOf(name);
    if (type === undefined) throw new TemplateError(`Unrecognized resource type ${name}.`);
    return type;
  }

  private async resolved(properties: JsonObject): Promise<JsonObject> {
    const value = await resolveDynamic(properties, this.services.clients);
    return isObject(value) ? value : {};
  }

  private contextOf({ logicalId, updatePolicy }: ResourceRecord): ResourceContext {
    const { clients, customResources, account, region } = this.services;
    const { name: stackName, id: stackId } = this.stack;
    return {
      clients,
      customResources,
      account,
      region,
      stackId,
      stackName,
      logicalId,
      updatePolicy,
      tags: this.target.tags,
      name: (maxLength = 64) => `${`${stackName}-${logicalId}`.slice(0, maxLength - 13)}-${chance(12)}`,
      announce: () => undefined,
    };
  }
}
