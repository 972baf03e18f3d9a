/**
 * Constructs of Drawbridge, each of use alone in somebody else's app.
 *
 * @packageDocumentation
 */
export { AccessPolicies, type AccessPoliciesProps } from './access-policies';
export { allowTargets, type AccessTarget } from './access-targets';
export { BackupBucket, type BackupBucketProps } from './backup-bucket';
export { BackupSchedule, type BackupScheduleProps } from './backup-schedule';
export { type BoxNetwork, GivenNetwork, type GivenNetworkProps } from './box-network';
export { BoxProgram } from './box-program';
export { ControlFunction, type ControlFunctionProps } from './control-function';
export { DataTrail, type DataTrailProps } from './data-trail';
export { Database, type DatabaseProps } from './database';
export { Documents, type DocumentsProps } from './documents';
export { Drain, type DrainProps } from './drain';
export { type Emptiable, Emptier, type EmptierProps } from './emptier';
export { Encryption, type EncryptionProps } from './encryption';
export { EphemeralJumpbox, type EphemeralJumpboxProps } from './ephemeral-jumpbox';
export { ExistingDatabase, type ExistingDatabaseProps } from './existing-database';
export { ExistingNetwork, type ExistingNetworkProps } from './existing-network';
export { InstanceBlueprint, type InstanceBlueprintProps } from './instance-blueprint';
export { InterfaceEndpoints, type InterfaceEndpointsProps } from './interface-endpoints';
export { Intake, type IntakeProps } from './intake/intake';
export { IntakeSource, type IntakeSourceProps } from './intake/source';
export { VmPolicy, type VmPolicyProps } from './intake/vm-policy';
export { JumpHost, type JumpHostProps } from './jump-host';
export { Jumpbox, type JumpboxProps } from './jumpbox';
export { LifecycleFunctions, type LifecycleFunctionsProps } from './lifecycle-functions';
export { Network } from './network';
export { Notifications, type NotificationsProps } from './notifications';
export { OwnDatabase, type OwnDatabaseProps } from './own-database';
export { type OwnEgress, OwnNetwork, type OwnNetworkProps } from './own-network';
export { type OnDestroy } from './removal';
export { Retention, type RetentionProps } from './retention';
export { SessionDocuments, type SessionDocumentsProps } from './session-documents';
export { DrawbridgeStack, type DrawbridgeStackProps } from './stack';
export { SweepSchedule, type SweepScheduleProps } from './sweep-schedule';
export { TestEvents, type TestEventsProps } from './test-events';
export { type Installation } from './user-data';
export { Workflow, type WorkflowProps } from './workflow';
export { readSettings } from './config/read';
export { type SettingProps } from './config/props';
export { type Settings } from './config/schema';
export { type IntakeSourceSettings } from './config/settings/intake';
