import { CfnDeletionPolicy, CfnResource } from 'aws-cdk-lib';
import type { IConstruct } from 'constructs';
import type { Settings } from './config/schema';

/** What becomes of data when the stack is deleted. */
export type OnDestroy = Settings['onDestroy'];

/** How data is kept: as the resource itself, or as a snapshot of it. */
const KEPT = {
  /** A stack whose first deployment fails leaves no orphan. */
  resource: {
    deletionPolicy: CfnDeletionPolicy.RETAIN_EXCEPT_ON_CREATE,
    updateReplacePolicy: CfnDeletionPolicy.RETAIN,
  },
  snapshot: {
    deletionPolicy: CfnDeletionPolicy.SNAPSHOT,
    updateReplacePolicy: CfnDeletionPolicy.SNAPSHOT,
  },
} as const;

/**
 * Decides what the deletion of the stack does to a resource that holds data. An update never deletes data, whatever the
 * setting: `onDestroy` speaks of the stack's end alone.
 */
export function keepOrDelete(construct: IConstruct, onDestroy: OnDestroy, as: keyof typeof KEPT): void {
  const resource = CfnResource.isCfnResource(construct) ? construct : construct.node.defaultChild;
  if (!CfnResource.isCfnResource(resource)) throw new Error(`${construct.node.path} is no resource.`);
  const { deletionPolicy, updateReplacePolicy } = KEPT[as];
  resource.cfnOptions.deletionPolicy = onDestroy === 'keep' ? deletionPolicy : CfnDeletionPolicy.DELETE;
  resource.cfnOptions.updateReplacePolicy = updateReplacePolicy;
}
