import { differenceOf } from '../../../lab/cloudformation/changes';
import { orderOf, reversed, runInOrder } from '../../../lab/cloudformation/graph';
import { RESOURCE_TYPES, typeOf } from '../../../lab/cloudformation/registry';
import { resourceType } from '../../../lab/cloudformation/resource-type';
import type { ResourceRecord } from '../../../lab/cloudformation/stack';
import { readTemplate } from '../../../lab/cloudformation/template';
import { z } from 'zod';

const graph = (edges: Record<string, string[]>): Map<string, Set<string>> =>
  new Map(Object.entries(edges).map(([name, before]) => [name, new Set(before)]));

describe('reading a template', () => {
  it('reads YAML with short forms like JSON with long ones', () => {
    const yaml = `
Resources:
  A:
    Type: AWS::SNS::Topic
    DependsOn: B
    DeletionPolicy: Retain
    Properties: { TopicName: !Sub 'x-\${AWS::Region}', DisplayName: !Join ['-', [a, !Ref B]] }
  B: { Type: 'AWS::SNS::Topic' }
`;
    const { A } = readTemplate(yaml).resources;
    expect(A).toMatchObject({ type: 'AWS::SNS::Topic', dependsOn: ['B'], deletionPolicy: 'Retain' });
    expect(A?.properties).toEqual({
      TopicName: { 'Fn::Sub': 'x-${AWS::Region}' },
      DisplayName: { 'Fn::Join': ['-', ['a', { Ref: 'B' }]] },
    });
  });

  it.each([
    ['no resources', '{}', 'At least one Resources member'],
    ['an unknown section', '{"Resources":{"A":{"Type":"x"}},"Transform":"y"}', 'does not act upon Transform'],
    [
      'an unknown attribute',
      '{"Resources":{"A":{"Type":"x","CreationPolicy":{}}}}',
      'does not act upon CreationPolicy',
    ],
    [
      'an unknown policy',
      '{"Resources":{"A":{"Type":"x","DeletionPolicy":"Keep"}}}',
      'must be one of Delete, Retain',
    ],
    ['broken JSON', '{"Resources":', 'Template format error'],
  ])('refuses %s', (_name, body, message) => {
    expect(() => readTemplate(body)).toThrow(message);
  });
});

describe('order of work', () => {
  const edges = { vpc: [], subnet: ['vpc'], group: ['vpc'], box: ['subnet', 'group'] };

  it('puts everything after what it depends on, and the other way round', () => {
    const order = orderOf(graph(edges));
    expect(order.indexOf('vpc')).toBe(0);
    expect(order.indexOf('box')).toBe(3);
    const back = orderOf(reversed(graph(edges)));
    expect(back[0]).toBe('box');
    expect(back[3]).toBe('vpc');
  });

  it('names what depends on itself', () => {
    expect(() => orderOf(graph({ a: ['b'], b: ['a'], c: [] }))).toThrow(
      'Circular dependency between resources: [a, b]',
    );
  });

  it('begins nothing after a failure when told to stop', async () => {
    const done: string[] = [];
    const work = (name: string): Promise<void> => {
      if (name === 'subnet') return Promise.reject(new Error('full'));
      done.push(name);
      return Promise.resolve();
    };
    const failures = await runInOrder(graph(edges), work, 'stop');
    expect([...failures.keys()]).toEqual(['subnet']);
    expect(done).not.toContain('box');
  });

  it('leaves out only what depends on the failed when told to continue', async () => {
    const done: string[] = [];
    const work = (name: string): Promise<void> => {
      if (name === 'a') return Promise.reject(new Error('no'));
      done.push(name);
      return Promise.resolve();
    };
    await runInOrder(graph({ a: [], b: ['a'], c: ['b'], d: [] }), work, 'continue');
    expect(done).toEqual(['d']);
  });
});

describe('resource types', () => {
  it('are each there once, and say why they only record a property', () => {
    const names = RESOURCE_TYPES.map(({ type }) => type);
    expect(new Set(names).size).toBe(names.length);
    for (const { type, known, createOnly, records } of RESOURCE_TYPES) {
      for (const name of [...createOnly, ...Object.keys(records)])
        expect([type, known]).toEqual([type, expect.arrayContaining([name])]);
      for (const reason of Object.values(records)) expect(reason).toMatch(/\w+ \w+/);
    }
  });

  it('name unknown properties at any depth, and what is known', () => {
    const bucket = typeOf('AWS::S3::Bucket');
    expect(() => bucket?.check({ Colour: 'red' })).toThrow('Encountered unsupported property Colour');
    expect(() => bucket?.check({ VersioningConfiguration: { Status: 'Enabled', Since: 1 } })).toThrow(
      'Encountered unsupported property VersioningConfiguration/Since',
    );
    expect(() => bucket?.check({ Colour: 'red' })).toThrow(/the lab knows BucketName, /);
  });

  it('are none for what the lab cannot make', () => {
    expect(typeOf('AWS::EC2::NatGateway')).toBeUndefined();
    expect(typeOf('Custom::Anything')?.type).toBe('Custom::Anything');
  });
});

describe('what a change does', () => {
  const type = resourceType({
    type: 'Test::Thing',
    properties: z.strictObject({
      Name: z.string(),
      Size: z.number().optional(),
      Note: z.string().optional(),
    }),
    createOnly: ['Name'],
    records: { Note: 'nobody reads it' },
    create: () => Promise.resolve({ id: 'x' }),
    update: (id) => Promise.resolve({ id }),
    delete: () => Promise.resolve(),
  });
  const policies = { deletionPolicy: 'Delete', updateReplacePolicy: 'Delete', updatePolicy: {} } as const;
  const record: ResourceRecord = {
    ...policies,
    logicalId: 'A',
    type: 'Test::Thing',
    physicalId: 'x',
    status: 'CREATE_COMPLETE',
    reason: undefined,
    changedAt: new Date(),
    properties: { Name: 'a', Size: 1 },
    attributes: {},
    dependsOn: [],
  };
  const definition = {
    ...policies,
    logicalId: 'A',
    type: 'Test::Thing',
    properties: {},
    dependsOn: [],
    condition: undefined,
  };

  it.each([
    ['nothing', { Name: 'a', Size: 1 }, 'none'],
    ['a property that can change', { Name: 'a', Size: 2 }, 'update'],
    ['a property that left', { Name: 'a' }, 'update'],
    ['a create-only property', { Name: 'b', Size: 1 }, 'replace'],
    ['a property that is only recorded', { Name: 'a', Size: 1, Note: 'n' }, 'record'],
  ])('%s', (_name, properties, kind) => {
    expect(differenceOf(record, definition, properties, type).kind).toBe(kind);
  });

  it('a property that can change, where another one asks for a new resource', () => {
    const asking = { ...type, replacesWhen: { Note: 'new' } };
    const changed = { Name: 'a', Size: 2 };
    expect(differenceOf(record, definition, { ...changed, Note: 'new' }, asking).kind).toBe('replace');
    expect(differenceOf(record, definition, { ...changed, Note: 'old' }, asking).kind).toBe('update');
  });

  it('keeps another deletion policy without touching the resource', () => {
    const found = differenceOf(record, { ...definition, deletionPolicy: 'Retain' }, record.properties, type);
    expect(found).toMatchObject({ kind: 'record', attributes: ['DeletionPolicy'] });
  });
});
