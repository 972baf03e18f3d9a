import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { flat, jsonWith, readable, type Resource, resourceOf, statement } from './synth';

const alarms = (settings: object = {}): Record<string, Resource['Properties']> =>
  Object.fromEntries(
    Object.entries(jsonWith(settings).Resources)
      .filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm')
      .map(([id, { Properties }]) => [id.replace(/^Monitoring|[0-9A-F]{8}$/g, ''), Properties]),
  );

/** What GitHub makes of a heading. */
const anchors = [
  ...readFileSync(join(__dirname, '../../docs/runbook.md'), 'utf8').matchAll(/^## (.+)$/gm),
].map(([, heading = '']) => heading.toLowerCase().replaceAll(' ', '-'));

describe('alarms', () => {
  test('are these, each with its threshold', () => {
    const read = Object.entries(alarms({ databases: ['app', 'orders'], schedule: 'rate(12 hours)' })).map(
      ([id, one]) => [
        id,
        `${String(one.Namespace)} ${String(one.MetricName)} ${String(one.ComparisonOperator)} ${String(one.Threshold)}`,
        one.TreatMissingData,
      ],
    );
    expect(read).toEqual([
      ['ProofTooOldapp', 'Drawbridge HoursSinceProof GreaterThanThreshold 36', 'breaching'],
      ['ProofTooOldorders', 'Drawbridge HoursSinceProof GreaterThanThreshold 36', 'breaching'],
      ['RunFailed', 'AWS/States ExecutionsFailed GreaterThanThreshold 0', 'notBreaching'],
      ['RunMissed', 'AWS/States ExecutionsStarted LessThanThreshold 1', 'breaching'],
      ['BoxPastExpiry', 'Drawbridge BoxesPastExpiry GreaterThanThreshold 0', 'breaching'],
      ['BoxSwept', 'Drawbridge SweptBoxes GreaterThanThreshold 0', 'notBreaching'],
    ]);
  });

  test('look at the run, at this stack, at one database', () => {
    const { ProofTooOldapp: proof, RunMissed: missed, BoxSwept: swept } = alarms({ name: 'shop' });
    expect(proof?.Dimensions).toEqual([
      { Name: 'Database', Value: 'app' },
      { Name: 'Stack', Value: 'shop' },
    ]);
    expect(swept?.Dimensions).toEqual([{ Name: 'Stack', Value: 'shop' }]);
    expect((missed?.Dimensions as { Value: unknown }[]).map(({ Value }) => readable(Value))).toEqual([
      '{WorkflowRun}',
    ]);
    expect(missed).toMatchObject({ Period: 3600, EvaluationPeriods: 26, Statistic: 'Sum' });
  });

  test('each tells the topic of both changes, and names an entry of the runbook that is there', () => {
    expect(anchors).not.toHaveLength(0);
    for (const one of Object.values(alarms())) {
      for (const actions of [one.AlarmActions, one.OKActions])
        expect((actions as unknown[]).map(readable)).toEqual(['{NotificationsTopic}']);
      const [, anchor] = /What to do: docs\/runbook\.md#([a-z-]+)$/.exec(String(one.AlarmDescription)) ?? [];
      expect(anchors).toContain(anchor);
    }
  });

  test.each([
    ['no schedule', { schedule: 'none' }, ['RunFailed', 'BoxPastExpiry', 'BoxSwept']],
    [
      'MySQL, which no box can prove',
      { engine: 'mysql' },
      ['RunFailed', 'RunMissed', 'BoxPastExpiry', 'BoxSwept'],
    ],
    ['ages of 0', { proofMaxAgeHours: 0, runMaxGapHours: 0 }, ['RunFailed', 'BoxPastExpiry', 'BoxSwept']],
    [
      'no schedule, but ages',
      { schedule: 'none', proofMaxAgeHours: 200, runMaxGapHours: 168 },
      ['ProofTooOldapp', 'RunFailed', 'RunMissed', 'BoxPastExpiry', 'BoxSwept'],
    ],
  ])('with %s', (_, settings, expected) => {
    expect(Object.keys(alarms(settings))).toEqual(expected);
  });

  test('a proof may be older where not every backup is proven', () => {
    expect(alarms({ proofEvery: 7 }).ProofTooOldapp?.Threshold).toBe(180);
  });

  test('can be evaluated: never more than a day, or seven with periods of an hour', () => {
    for (const one of Object.values(alarms({ sweepMinutes: 60, runMaxGapHours: 168 }))) {
      const span = Number(one.Period) * Number(one.EvaluationPeriods);
      expect(span).toBeLessThanOrEqual(Number(one.Period) >= 3600 ? 604_800 : 86_400);
    }
  });
});

describe('the topic', () => {
  test('takes alarms of this stack, and rules, though a policy of its own replaces the default one', () => {
    const policy = resourceOf(jsonWith(), 'AWS::SNS::TopicPolicy');
    expect(statement(policy, 'AlarmsOfThisStack')).toMatchObject({
      Principal: { Service: 'cloudwatch.amazonaws.com' },
      Action: 'sns:Publish',
    });
    expect(flat(statement(policy, 'AlarmsOfThisStack').Condition)).toContain(':alarm:');
    expect(JSON.stringify(policy.Properties)).toContain('events.amazonaws.com');
  });

  test('is encrypted with a key that alarms and rules may use for it, and for nothing else', () => {
    const key = resourceOf(jsonWith(), 'AWS::KMS::Key');
    const services = statement(key, 'AlarmsAndRulesOfThisStack');
    expect(services.Principal).toEqual({
      Service: ['cloudwatch.amazonaws.com', 'events.amazonaws.com'],
    });
    expect(Object.keys(services.Condition?.ArnLike ?? {})).toEqual([
      'kms:EncryptionContext:aws:sns:topicArn',
    ]);
  });

  test('hears of a run that was stopped or ran out of time', () => {
    const rule = resourceOf(jsonWith(), 'AWS::Events::Rule', 'Notifications');
    expect(rule.Properties.EventPattern).toMatchObject({
      detail: {
        status: ['ABORTED', 'TIMED_OUT'],
        stateMachineArn: [{ Ref: expect.stringMatching(/^WorkflowRun/) as string }],
      },
    });
    expect((rule.Properties.Targets as { Arn: unknown }[]).map(({ Arn }) => readable(Arn))).toEqual([
      '{NotificationsTopic}',
    ]);
  });
});

describe('sessions', () => {
  const rulesOf = (notifySessions: string) =>
    Object.entries(jsonWith({ notifySessions }).Resources).filter(([id]) =>
      /^SessionRules(?!.*Policy)/.exec(id),
    );

  test('nobody is told of them unless asked, and of refused ones alone', () => {
    expect(rulesOf('none')).toEqual([]);
    expect(rulesOf('refused').map(([id]) => id.replace(/[0-9A-F]{8}$/, ''))).toEqual(['SessionRulesRefused']);
    expect(rulesOf('all')).toHaveLength(2);
  });

  test('each is told once: what IAM refuses, or what has no error', () => {
    const patterns = rulesOf('all').map(([, { Properties }]) => Properties.EventPattern);
    const common = {
      source: ['aws.ssm', 'aws.ec2-instance-connect'],
      'detail-type': ['AWS API Call via CloudTrail'],
    };
    const eventName = ['StartSession', 'SendSSHPublicKey'];
    expect(patterns).toEqual([
      { ...common, detail: { eventName, errorCode: ['AccessDenied', 'AccessDeniedException'] } },
      { ...common, detail: { eventName, errorCode: [{ exists: false }] } },
    ]);
  });

  test('each rule, and no other, may publish', () => {
    const json = jsonWith({ notifySessions: 'all' });
    const policy = resourceOf(json, 'AWS::SNS::TopicPolicy');
    for (const [id] of rulesOf('all')) {
      const sid = `${id.replace(/^SessionRules|[0-9A-F]{8}$/g, '')}Sessions`;
      expect(statement(policy, sid)).toMatchObject({
        Principal: { Service: 'events.amazonaws.com' },
        Action: 'sns:Publish',
        Condition: { ArnLike: { 'aws:SourceArn': { 'Fn::GetAtt': [id, 'Arn'] } } },
      });
    }
  });

  test('the message names who, from where, what, and an entry of the runbook', () => {
    for (const [, { Properties }] of rulesOf('all')) {
      const [{ InputTransformer: input }] = Properties.Targets as [
        { InputTransformer: { InputPathsMap: Record<string, string>; InputTemplate: string } },
      ];
      expect(Object.values(input.InputPathsMap)).toEqual(
        expect.arrayContaining([
          '$.detail.userIdentity.arn',
          '$.detail.sourceIPAddress',
          '$.detail.eventTime',
        ]),
      );
      const [, anchor] = /docs\/runbook\.md#([a-z-]+)"$/.exec(input.InputTemplate) ?? [];
      expect(anchors).toContain(anchor);
    }
  });
});

describe('the dashboard', () => {
  const widgets = (): { properties: { title: string; query?: string; metrics?: unknown[] } }[] => {
    const body = flat(resourceOf(jsonWith(), 'AWS::CloudWatch::Dashboard').Properties.DashboardBody);
    return (JSON.parse(body) as { widgets: ReturnType<typeof widgets> }).widgets;
  };

  test('answers first whether we are safe, then size, duration, rate', () => {
    const titles = widgets().map(({ properties }) => properties.title);
    expect(titles[0]).toBe('Are we safe? Hours since the last proven backup');
    expect(titles).toContain('Backups: size, duration, rate');
    expect(JSON.stringify(widgets()[0])).toContain('HoursSinceProof');
  });

  test('is left out when nobody wants it', () => {
    const types = Object.values(jsonWith({ dashboard: false }).Resources).map(({ Type }) => Type);
    expect(types).not.toContain('AWS::CloudWatch::Dashboard');
  });
});
