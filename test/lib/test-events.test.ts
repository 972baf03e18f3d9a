import { readCreateEvent } from '../../lambda/create';
import { readDestroyEvent } from '../../lambda/destroy';
import { ENVIRONMENT } from '../lambda/opening';
import { jsonWith, readable } from './synth';

const REGISTRY = 'AWS::EventSchemas::Registry';

/** What the console shows, by the function's name; the events by theirs. */
function eventsOf(settings: object): Record<string, Record<string, unknown>> {
  const schemas = Object.values(jsonWith(settings).Resources).filter(
    ({ Type }) => Type === 'AWS::EventSchemas::Schema',
  );
  return Object.fromEntries(
    schemas.map(({ Properties: { SchemaName, Content, RegistryName, Type } }) => {
      expect([RegistryName, Type]).toEqual(['lambda-testevent-schemas', 'OpenApi3']);
      const { components } = JSON.parse(String(Content)) as {
        components: { examples: Record<string, { value: unknown }> };
      };
      const events = Object.entries(components.examples).map(([name, { value }]) => [name, value]);
      return [readable(SchemaName), Object.fromEntries(events) as Record<string, unknown>];
    }),
  );
}

test('none unless asked for: the registry is everybody’s', () => {
  expect(eventsOf({})).toEqual({});
});

test('each lifecycle function has its events under the name by which the console looks', () => {
  const [create, destroy, sweep, ...others] = Object.entries(
    eventsOf({ consoleTestEvents: 'existing-registry' }),
  );
  expect(others).toEqual([]);
  expect(create).toEqual([
    expect.stringMatching(/^_\{LifecycleCreateFunction\w*\}-schema$/),
    {
      'open-box': {},
      'open-access-box': { purpose: 'access' },
      'open-backup-box': { purpose: 'backup' },
      'open-restore-box': { purpose: 'restore' },
      'extend-box': { instanceId: 'i-0123456789abcdef0', ttlMinutes: 60 },
    },
  ]);
  expect(destroy).toEqual([
    expect.stringMatching(/^_\{LifecycleDestroyFunction\w*\}-schema$/),
    { 'end-all-boxes': { all: true }, 'end-one-box': { instanceId: 'i-0123456789abcdef0' } },
  ]);
  expect(sweep).toEqual([
    expect.stringMatching(/^_\{LifecycleSweepFunction\w*\}-schema$/),
    { 'sweep-now': {} },
  ]);
});

test('are accepted by the functions, and by the console: 25 letters, digits, dots, dashes, underscores', () => {
  const [create = {}, destroy = {}, sweep = {}] = Object.values(
    eventsOf({ consoleTestEvents: 'existing-registry' }),
  );
  const restore = { launchTemplateId: 'lt-restore', version: '1' };
  const environment = { ...ENVIRONMENT, templates: { ...ENVIRONMENT.templates, restore } };
  for (const event of Object.values(create)) expect(() => readCreateEvent(event, environment)).not.toThrow();
  for (const event of Object.values(destroy)) expect(() => readDestroyEvent(event)).not.toThrow();
  for (const name of [create, destroy, sweep].flatMap(Object.keys)) expect(name).toMatch(/^[\w.-]{1,25}$/);
});

test('a registry that is made here comes before the events, and stays when the stack goes', () => {
  const { Resources } = jsonWith({ consoleTestEvents: 'new-registry', onDestroy: 'delete' });
  const [id = '', registry] = Object.entries(Resources).find(([, { Type }]) => Type === REGISTRY) ?? [];
  expect(registry).toMatchObject({
    DeletionPolicy: 'RetainExceptOnCreate',
    Properties: { RegistryName: 'lambda-testevent-schemas' },
  });
  const schemas = Object.values(Resources).filter(({ Type }) => Type === 'AWS::EventSchemas::Schema');
  expect(schemas).toHaveLength(3);
  for (const { DependsOn, DeletionPolicy = 'Delete' } of schemas)
    expect([DependsOn, DeletionPolicy]).toEqual([[id], 'Delete']);
  const existing = jsonWith({ consoleTestEvents: 'existing-registry' }).Resources;
  expect(Object.values(existing).filter(({ Type }) => Type === REGISTRY)).toEqual([]);
});
