import type { z } from 'zod';
import type { Clients } from './clients';
import type { CustomResources } from './custom-resources';
import type { Json, JsonObject } from './values';

/** A tag of a stack. */
export interface Tag {
  readonly Key: string;
  readonly Value: string;
}

/** What a resource may know when it is made, changed or removed. */
export interface ResourceContext {
  readonly clients: Clients;
  readonly customResources: CustomResources;
  readonly account: string;
  readonly region: string;
  readonly stackId: string;
  readonly stackName: string;
  readonly logicalId: string;
  /** Tags of the stack. */
  readonly tags: readonly Tag[];
  readonly updatePolicy: JsonObject;
  /** A name that nobody else has: stack, logical id, chance. */
  name(maxLength?: number): string;
  /** Tells the physical id before `create` is done, so that a failure in the middle does not leave it behind. */
  announce(id: string): void;
}

/** A resource that exists. */
export interface ResourceState {
  /** Physical id, the value of `Ref`. */
  readonly id: string;
  /** Values of `Fn::GetAtt`. */
  readonly attributes?: Readonly<Record<string, Json | undefined>>;
}

/** How the lab makes resources of one type, by the type's ordinary API. */
export interface ResourceType<P> {
  readonly type: string;
  /** Everything that may be given. What it does not name, at any depth, fails the resource. */
  readonly properties: z.ZodObject & z.ZodType<P>;
  /** Properties whose change makes a new resource; without `update` every change does. */
  readonly createOnly?: readonly (keyof P & string)[];
  /** Properties that say, by such a value, that every change makes a new resource. */
  readonly replacesWhen?: Readonly<Partial<Record<keyof P & string, string>>>;
  /** Properties that change nothing in the lab, with the reason. */
  readonly records?: Readonly<Partial<Record<keyof P & string, string>>>;
  /** Update policies that the type knows. */
  readonly updatePolicies?: readonly string[];
  create(properties: P, context: ResourceContext): Promise<ResourceState>;
  update?(id: string, properties: P, previous: P, context: ResourceContext): Promise<ResourceState>;
  /** Reads attributes that other calls than its own can change; asked whenever something refers to the resource. */
  read?(id: string, context: ResourceContext): Promise<NonNullable<ResourceState['attributes']>>;
  delete(id: string, properties: P, context: ResourceContext): Promise<void>;
  /** Deletes with a last snapshot; types without it cannot have the policy `Snapshot`. */
  snapshot?(id: string, properties: P, context: ResourceContext): Promise<void>;
}

/** A type as the engine sees it, whatever its properties are. */
export interface AnyResourceType {
  readonly type: string;
  readonly createOnly: readonly string[];
  readonly replacesWhen: Readonly<Record<string, string | undefined>>;
  readonly records: Readonly<Record<string, string | undefined>>;
  readonly updatePolicies: readonly string[];
  readonly known: readonly string[];
  readonly canUpdate: boolean;
  readonly canSnapshot: boolean;
  /** Undefined when attributes change only with the resource itself. */
  readonly read:
    ((id: string, context: ResourceContext) => Promise<NonNullable<ResourceState['attributes']>>) | undefined;
  /** Throws a {@link PropertyError} for properties that cannot be. */
  check(properties: JsonObject): void;
  create(properties: JsonObject, context: ResourceContext): Promise<ResourceState>;
  update(id: string, now: JsonObject, previous: JsonObject, context: ResourceContext): Promise<ResourceState>;
  delete(id: string, properties: JsonObject, context: ResourceContext): Promise<void>;
  snapshot(id: string, properties: JsonObject, context: ResourceContext): Promise<void>;
}

/** A property that the type does not have, or whose value it cannot take. */
export class PropertyError extends Error {
  override readonly name = 'PropertyError';
}

function describe(issue: z.core.$ZodIssue): string {
  const at = issue.path.map(String).join('/');
  if (issue.code === 'unrecognized_keys')
    return `Encountered unsupported property ${[...(at === '' ? [] : [at]), issue.keys.join(', ')].join('/')}`;
  return `Property ${at}: ${issue.message}`;
}

/** Makes a type that the engine can use: properties are checked at every step. */
export function resourceType<P>(definition: ResourceType<P>): AnyResourceType {
  const {
    type,
    properties,
    createOnly = [],
    replacesWhen = {},
    records = {},
    updatePolicies = [],
  } = definition;
  const read = (given: JsonObject): P => {
    const parsed = properties.safeParse(given);
    if (parsed.success) return parsed.data;
    const problems = parsed.error.issues.map(describe).join('; ');
    throw new PropertyError(
      `${problems} (${type}; the lab knows ${Object.keys(properties.shape).join(', ')})`,
    );
  };
  return {
    type,
    createOnly,
    replacesWhen,
    records,
    updatePolicies,
    known: Object.keys(properties.shape),
    canUpdate: definition.update !== undefined,
    canSnapshot: definition.snapshot !== undefined,
    read: definition.read?.bind(definition),
    check: (given) => {
      read(given);
    },
    create: async (given, context) => definition.create(read(given), context),
    update: async (id, now, previous, context) => {
      if (definition.update === undefined) throw new Error(`${type} cannot be updated in place.`);
      return definition.update(id, read(now), read(previous), context);
    },
    delete: async (id, given, context) => definition.delete(id, read(given), context),
    snapshot: async (id, given, context) => {
      if (definition.snapshot === undefined) throw new PropertyError(`${type} cannot be kept as a snapshot.`);
      await definition.snapshot(id, read(given), context);
    },
  };
}
