import type { XmlValue } from '../endpoint/xml';
import type { Change, ChangeSet, Output, ResourceRecord, Stack, StackEvent, Target } from './stack';
import { isList, textOf, type Json } from './values';

const plain = (value: Json): string => textOf(value, 'A parameter');

const parametersOf = (target: Target | undefined): XmlValue =>
  Object.entries(target?.parameters ?? {}).map(([name, { given, value, resolved, noEcho }]) => ({
    ParameterKey: name,
    ParameterValue: noEcho ? '****' : given,
    ResolvedValue: resolved ? (isList(value) ? value.map(plain).join(',') : plain(value)) : undefined,
  }));

const outputOf = ({ key, value, description, exportName }: Output): XmlValue => ({
  OutputKey: key,
  OutputValue: value,
  Description: description,
  ExportName: exportName,
});

/** A stack as `DescribeStacks` shows it. */
export function describeStack(stack: Stack): XmlValue {
  return {
    StackId: stack.id,
    StackName: stack.name,
    Description: stack.target?.template.description,
    Parameters: parametersOf(stack.target),
    CreationTime: stack.createdAt,
    LastUpdatedTime: stack.updatedAt,
    DeletionTime: stack.deletedAt,
    StackStatus: stack.status,
    StackStatusReason: stack.reason,
    DisableRollback: stack.disableRollback,
    NotificationARNs: [...stack.notificationArns],
    Capabilities: [...stack.capabilities],
    Outputs: stack.outputs.map(outputOf),
    RoleARN: stack.roleArn,
    Tags: (stack.target?.tags ?? []).map(({ Key, Value }) => ({ Key, Value })),
    EnableTerminationProtection: stack.terminationProtection,
    DriftInformation: { StackDriftStatus: 'NOT_CHECKED' },
  };
}

/** A stack as `ListStacks` shows it. */
export function summarizeStack(stack: Stack): XmlValue {
  return {
    StackId: stack.id,
    StackName: stack.name,
    TemplateDescription: stack.target?.template.description,
    CreationTime: stack.createdAt,
    LastUpdatedTime: stack.updatedAt,
    DeletionTime: stack.deletedAt,
    StackStatus: stack.status,
    StackStatusReason: stack.reason,
    DriftInformation: { StackDriftStatus: 'NOT_CHECKED' },
  };
}

/** An event as `DescribeStackEvents` shows it. */
export function describeEvent(stack: Stack, event: StackEvent): XmlValue {
  return {
    StackId: stack.id,
    EventId: event.id,
    StackName: stack.name,
    LogicalResourceId: event.logicalId,
    PhysicalResourceId: event.physicalId,
    ResourceType: event.type,
    Timestamp: event.at,
    ResourceStatus: event.status,
    ResourceStatusReason: event.reason,
  };
}

/** A resource as `DescribeStackResources` and `ListStackResources` show it. */
export function describeResource(
  stack: Stack,
  record: ResourceRecord,
  kind: 'description' | 'summary',
): XmlValue {
  const times =
    kind === 'description' ? { Timestamp: record.changedAt } : { LastUpdatedTimestamp: record.changedAt };
  const owner = kind === 'description' ? { StackId: stack.id, StackName: stack.name } : {};
  return {
    ...owner,
    LogicalResourceId: record.logicalId,
    PhysicalResourceId: record.physicalId === '' ? undefined : record.physicalId,
    ResourceType: record.type,
    ...times,
    ResourceStatus: record.status,
    ResourceStatusReason: record.reason,
    DriftInformation: { StackResourceDriftStatus: 'NOT_CHECKED' },
  };
}

function describeChange(change: Change): XmlValue {
  const { action, logicalId, physicalId, type, replacement, properties, attributes } = change;
  const isModify = action === 'Modify';
  const detail = (target: XmlValue): XmlValue => ({
    Target: target,
    Evaluation: 'Static',
    ChangeSource: 'DirectModification',
  });
  const recreation = replacement ? 'Always' : 'Never';
  return {
    Type: 'Resource',
    ResourceChange: {
      Action: action,
      LogicalResourceId: logicalId,
      PhysicalResourceId: physicalId,
      ResourceType: type,
      Replacement: isModify ? (replacement ? 'True' : 'False') : undefined,
      PolicyAction: replacement ? 'ReplaceAndDelete' : action === 'Remove' ? 'Delete' : undefined,
      Scope: isModify ? [...(properties.length > 0 ? ['Properties'] : []), ...attributes] : [],
      Details: isModify
        ? [
            ...properties.map((Name) =>
              detail({ Attribute: 'Properties', Name, RequiresRecreation: recreation }),
            ),
            ...attributes.map((Attribute) => detail({ Attribute, RequiresRecreation: 'Never' })),
          ]
        : [],
    },
  };
}

/** State of a change set's execution. */
const executionOf = ({ executed, status }: ChangeSet): string =>
  executed ? 'EXECUTE_COMPLETE' : status === 'FAILED' ? 'UNAVAILABLE' : 'AVAILABLE';

/** A change set as `DescribeChangeSet` shows it. */
export function describeChangeSet(stack: Stack, changeSet: ChangeSet): XmlValue {
  return {
    ...summarizeChangeSet(stack, changeSet),
    Parameters: parametersOf(changeSet.target),
    NotificationARNs: [...stack.notificationArns],
    Capabilities: [...stack.capabilities],
    Tags: (changeSet.target?.tags ?? []).map(({ Key, Value }) => ({ Key, Value })),
    Changes: changeSet.changes.map(describeChange),
  };
}

/** A change set as `ListChangeSets` shows it. */
export function summarizeChangeSet(stack: Stack, changeSet: ChangeSet): Record<string, XmlValue> {
  return {
    StackId: stack.id,
    StackName: stack.name,
    ChangeSetId: changeSet.id,
    ChangeSetName: changeSet.name,
    Description: changeSet.description,
    CreationTime: changeSet.createdAt,
    Status: changeSet.status,
    StatusReason: changeSet.reason,
    ExecutionStatus: executionOf(changeSet),
    IncludeNestedStacks: false,
  };
}
