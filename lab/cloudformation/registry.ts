import { customResource, isCustom } from './custom-resources';
import type { AnyResourceType } from './resource-type';
import { IAM_TYPES } from './resources/iam';
import { KMS_TYPES } from './resources/kms';
import { LAMBDA_TYPES } from './resources/lambda';
import { LAUNCH_TYPES } from './resources/launch';
import { MESSAGING_TYPES } from './resources/messaging';
import { MONITORING_TYPES } from './resources/monitoring';
import { OPERATION_TYPES } from './resources/operations';
import { RDS_TYPES } from './resources/rds';
import { ROUTING_TYPES } from './resources/routing';
import { S3_TYPES } from './resources/s3';
import { SCHEMA_TYPES } from './resources/schemas';
import { SECURITY_GROUP_TYPES } from './resources/security-groups';
import { TRAIL_TYPES } from './resources/trails';
import { VPC_TYPES } from './resources/vpc';
import { WORKFLOW_TYPES } from './resources/workflow';

/** Every type that the lab can make, custom resources aside. */
export const RESOURCE_TYPES: readonly AnyResourceType[] = [
  ...VPC_TYPES,
  ...ROUTING_TYPES,
  ...SECURITY_GROUP_TYPES,
  ...LAUNCH_TYPES,
  ...IAM_TYPES,
  ...KMS_TYPES,
  ...S3_TYPES,
  ...LAMBDA_TYPES,
  ...RDS_TYPES,
  ...OPERATION_TYPES,
  ...MESSAGING_TYPES,
  ...WORKFLOW_TYPES,
  ...MONITORING_TYPES,
  ...SCHEMA_TYPES,
  ...TRAIL_TYPES,
];

const BY_NAME = new Map(RESOURCE_TYPES.map((type) => [type.type, type]));

/** The type of that name; undefined when the lab cannot make it. */
export function typeOf(name: string): AnyResourceType | undefined {
  return BY_NAME.get(name) ?? (isCustom(name) ? customResource(name) : undefined);
}
