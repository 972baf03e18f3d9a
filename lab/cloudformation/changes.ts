import { isDeepStrictEqual } from 'node:util';
import type { AnyResourceType } from './resource-type';
import type { ResourceRecord } from './stack';
import type { ResourceDefinition } from './template';
import type { JsonObject } from './values';

/** How a resource that exists becomes what a new template says. */
export interface Difference {
  readonly properties: readonly string[];
  /** Differences outside the properties: deletion policies. */
  readonly attributes: readonly string[];
  readonly kind: 'none' | 'record' | 'update' | 'replace';
}

const ATTRIBUTES = ['deletionPolicy', 'updateReplacePolicy', 'updatePolicy'] as const;
const ATTRIBUTE_NAMES = {
  deletionPolicy: 'DeletionPolicy',
  updateReplacePolicy: 'UpdateReplacePolicy',
  updatePolicy: 'UpdatePolicy',
};

/** Compares a resource with its new definition. */
export function differenceOf(
  record: ResourceRecord,
  definition: ResourceDefinition,
  properties: JsonObject,
  type: AnyResourceType,
): Difference {
  const names = [...new Set([...Object.keys(record.properties), ...Object.keys(properties)])];
  const changed = names.filter((name) => !isDeepStrictEqual(record.properties[name], properties[name]));
  const attributes = ATTRIBUTES.filter((name) => !isDeepStrictEqual(record[name], definition[name])).map(
    (name) => ATTRIBUTE_NAMES[name],
  );
  const acted = changed.filter((name) => type.records[name] === undefined);
  const difference = { properties: changed, attributes };
  if (record.type !== definition.type) return { ...difference, kind: 'replace' };
  if (acted.length > 0) {
    const asked = Object.entries(type.replacesWhen).some(([name, value]) => properties[name] === value);
    const replaces = asked || !type.canUpdate || acted.some((name) => type.createOnly.includes(name));
    return { ...difference, kind: replaces ? 'replace' : 'update' };
  }
  return { ...difference, kind: changed.length + attributes.length > 0 ? 'record' : 'none' };
}
