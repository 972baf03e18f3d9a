import { CONFIGURATION_NAMES, CONFIGURATIONS } from '../configurations';
import { Graph } from './graph';
import { jsonWith, resourceOf } from './synth';

describe.each(['on-demand', 'none'])('deletion of the stack (jump host: %s)', (jumpHost) => {
  const graph = new Graph(jsonWith({ jumpHost }));
  const [drain = ''] = graph.ids('Custom::DrawbridgeDrain');
  const afterDrain = graph.goneAfter(drain);

  test.each([
    ['the schedule of the sweep', 'AWS::Scheduler::Schedule', 'SweepSchedule'],
    ['the schedule of backups', 'AWS::Scheduler::Schedule', 'BackupSchedule'],
    ['the state machine of runs', 'AWS::StepFunctions::StateMachine', 'WorkflowRun'],
    ['the state machine of backups', 'AWS::StepFunctions::StateMachine', 'WorkflowBackup'],
    ['its role', 'AWS::IAM::Role', 'SweepScheduleRole'],
    ['the create function', 'AWS::Lambda::Function', 'LifecycleCreate'],
    ['its permissions', 'AWS::IAM::Policy', 'LifecycleCreate'],
    ['its role', 'AWS::IAM::Role', 'LifecycleCreate'],
    ['the template of access boxes', 'AWS::EC2::LaunchTemplate', 'AccessBox'],
    ['the template of backup boxes', 'AWS::EC2::LaunchTemplate', 'BackupBox'],
    ['the template of restore boxes', 'AWS::EC2::LaunchTemplate', 'RestoreBox'],
  ])(
    '%s goes before the boxes are drained: nothing can open another (aws-facts 13.10)',
    (_, type, prefix) => {
      const ids = graph.ids(type, prefix);
      expect(ids).toHaveLength(1);
      for (const id of ids) expect(graph.goneAfter(id)).toContain(drain);
    },
  );

  test.each([
    ['the VPC', 'AWS::EC2::VPC', '', 1],
    ['subnets', 'AWS::EC2::Subnet', '', 4],
    ['route tables', 'AWS::EC2::RouteTable', '', 4],
    ['routes', 'AWS::EC2::Route', '', 2],
    ['route table associations', 'AWS::EC2::SubnetRouteTableAssociation', '', 4],
    ['the egress-only gateway', 'AWS::EC2::EgressOnlyInternetGateway', '', 1],
    ['the S3 endpoint', 'AWS::EC2::VPCEndpoint', '', 1],
    ['security groups of access boxes', 'AWS::EC2::SecurityGroup', 'AccessBox', 1],
    ['security groups of backup boxes', 'AWS::EC2::SecurityGroup', 'BackupBox', 1],
    ['security groups of restore boxes', 'AWS::EC2::SecurityGroup', 'RestoreBox', 1],
    ['their way to the database', 'AWS::EC2::SecurityGroupEgress', 'BackupBox', 1],
    ['the database’s security group', 'AWS::EC2::SecurityGroup', 'Database', 1],
    ['instance profiles', 'AWS::IAM::InstanceProfile', 'BackupBox', 1],
    ['roles of boxes', 'AWS::IAM::Role', 'BackupBox', 1],
    ['permissions of boxes', 'AWS::IAM::Policy', 'BackupBox', 1],
    ['the drain’s own function', 'AWS::Lambda::Function', 'Drain', 1],
    ['its role', 'AWS::IAM::Role', 'Drain', 1],
    ['its permissions', 'AWS::IAM::Policy', 'Drain', 1],
    ['its log group', 'AWS::Logs::LogGroup', 'Drain', 1],
  ])('%s: gone only after the last box (aws-facts 0.9)', (_, type, prefix, count) => {
    const ids = graph.ids(type, prefix);
    expect(ids).toHaveLength(count);
    for (const id of ids) expect(afterDrain).toContain(id);
  });

  test('has an order: nothing waits for itself', () => {
    for (const id of graph.ids(undefined)) expect(graph.goneAfter(id)).not.toContain(id);
  });
});

test.each(CONFIGURATION_NAMES)('no box can be launched when the drain looks: %s', (name) => {
  const graph = new Graph(jsonWith(CONFIGURATIONS[name]));
  const [drain = ''] = graph.ids('Custom::DrawbridgeDrain');
  const jumpHost = graph.ids('AWS::EC2::LaunchTemplate', 'JumpHost');
  const templates = graph.ids('AWS::EC2::LaunchTemplate').filter((id) => !jumpHost.includes(id));
  expect(templates.length).toBeGreaterThan(2);
  for (const id of templates) expect(graph.goneAfter(id)).toContain(drain);
});

test('a drain that never answers holds the deletion up for sixteen minutes, not an hour', () => {
  expect(resourceOf(jsonWith(), 'Custom::DrawbridgeDrain').Properties.ServiceTimeout).toBe('960');
});
