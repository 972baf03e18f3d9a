import { randomUUID } from 'node:crypto';
import type { ParameterValue } from './parameters';
import type { Tag } from './resource-type';
import type { RemovalPolicy, Template } from './template';
import type { Json, JsonObject } from './values';

/** What a stack is to become. */
export interface Target {
  readonly template: Template;
  /** The template's text as it was handed in. */
  readonly body: string;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly tags: readonly Tag[];
}

/** One resource of a stack as it stands. */
export interface ResourceRecord {
  readonly logicalId: string;
  readonly type: string;
  /** Empty until there is one. */
  readonly physicalId: string;
  readonly status: string;
  readonly reason: string | undefined;
  readonly changedAt: Date;
  /** Evaluated; dynamic references stay as they are written. */
  readonly properties: JsonObject;
  readonly attributes: Readonly<Record<string, Json | undefined>>;
  /** Logical ids that had to exist before. */
  readonly dependsOn: readonly string[];
  readonly deletionPolicy: RemovalPolicy;
  readonly updateReplacePolicy: RemovalPolicy;
  readonly updatePolicy: JsonObject;
}

/** One line of a stack's history. */
export interface StackEvent {
  readonly id: string;
  readonly logicalId: string;
  readonly physicalId: string;
  readonly type: string;
  readonly status: string;
  readonly reason: string | undefined;
  readonly at: Date;
}

/** One output of a stack. */
export interface Output {
  readonly key: string;
  readonly value: string;
  readonly description: string | undefined;
  readonly exportName: string | undefined;
}

/** One change that a change set would make. */
export interface Change {
  readonly action: 'Add' | 'Modify' | 'Remove';
  readonly logicalId: string;
  readonly physicalId: string | undefined;
  readonly type: string;
  readonly replacement: boolean;
  /** Names of the properties, or of the attributes, that differ. */
  readonly properties: readonly string[];
  readonly attributes: readonly string[];
}

/** A change set. */
export interface ChangeSet {
  readonly id: string;
  readonly name: string;
  readonly kind: 'CREATE' | 'UPDATE';
  readonly description: string | undefined;
  readonly createdAt: Date;
  readonly status: 'CREATE_COMPLETE' | 'FAILED';
  readonly reason: string | undefined;
  executed: boolean;
  readonly target: Target | undefined;
  readonly changes: readonly Change[];
}

/** Type of the stack itself in its events. */
export const STACK_TYPE = 'AWS::CloudFormation::Stack';

/** A stack, with all that is known about it. */
export class Stack {
  status = 'REVIEW_IN_PROGRESS';
  reason: string | undefined;
  readonly createdAt = new Date();
  updatedAt: Date | undefined;
  deletedAt: Date | undefined;
  /** Undefined before the first operation. */
  target: Target | undefined;
  readonly resources = new Map<string, ResourceRecord>();
  outputs: readonly Output[] = [];
  /** Names of exports of other stacks that this one uses. */
  imports = new Set<string>();
  /** Oldest first. */
  readonly events: StackEvent[] = [];
  readonly changeSets = new Map<string, ChangeSet>();
  terminationProtection = false;
  disableRollback = false;
  roleArn: string | undefined;
  capabilities: readonly string[] = [];
  notificationArns: readonly string[] = [];

  constructor(
    readonly name: string,
    readonly id: string,
  ) {}

  /** Whether an operation is under way. */
  get isBusy(): boolean {
    return this.status.endsWith('_IN_PROGRESS') && this.status !== 'REVIEW_IN_PROGRESS';
  }

  /** Adds an event. */
  tell(event: Omit<StackEvent, 'id' | 'at'>): void {
    // Readers sort by time: no two events of a stack have the same.
    const last = this.events.at(-1)?.at.getTime() ?? 0;
    const at = new Date(Math.max(Date.now(), last + 1));
    this.events.push({ ...event, id: `${event.logicalId}-${randomUUID()}`, at });
  }

  /** Moves the stack itself on. */
  move(status: string, reason?: string): void {
    this.status = status;
    this.reason = reason;
    this.tell({ logicalId: this.name, physicalId: this.id, type: STACK_TYPE, status, reason });
  }

  /** Keeps a resource's new state and adds an event about it. */
  keep(record: ResourceRecord, status: string, reason?: string): ResourceRecord {
    const kept = { ...record, status, reason, changedAt: new Date() };
    this.resources.set(record.logicalId, kept);
    this.tellOf(kept, status, reason);
    return kept;
  }

  /** Adds an event about a resource without changing what is kept of it. */
  tellOf(record: ResourceRecord, status: string, reason?: string): void {
    const { logicalId, physicalId, type } = record;
    this.tell({ logicalId, physicalId, type, status, reason });
  }
}
