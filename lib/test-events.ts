import { CfnRegistry, CfnSchema } from 'aws-cdk-lib/aws-eventschemas';
import { Construct } from 'constructs';
import type { Purpose } from '../contract/purposes';
import type { Settings } from './config/schema';
import type { ControlFunction } from './control-function';
import type { LifecycleFunctions } from './lifecycle-functions';
import { keepOrDelete } from './removal';

/**
 * Where the console of Lambda looks for events that people share. An account has one in each region; the console makes it when
 * somebody first shares an event. https://docs.aws.amazon.com/lambda/latest/dg/testing-functions.html
 */
const REGISTRY = 'lambda-testevent-schemas';

/** Stands for a box in events that name one. */
const SOME_BOX = 'i-0123456789abcdef0';

/** Properties of {@link TestEvents}. */
export interface TestEventsProps {
  readonly functions: LifecycleFunctions;
  /** Purposes of the boxes that the create function opens: an event for each. */
  readonly purposes: readonly Purpose[];
  /** Whether the account has the registry already, or gets it here. */
  readonly registry: Exclude<Settings['consoleTestEvents'], 'none'>;
}

/** Events by name; the console takes up to 25 letters, digits, dots, dashes and underscores. */
type Events = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/**
 * Shareable test events: whoever opens a lifecycle function in the console chooses one and presses a button.
 *
 * The events go with the stack. The registry belongs to everybody in the account: one that was made here stays, since deleting
 * it would take other people's events along.
 */
export class TestEvents extends Construct {
  constructor(scope: Construct, id: string, props: TestEventsProps) {
    super(scope, id);
    const { create, destroy, sweep } = props.functions;
    const schemas = [
      this.schema('Create', create, createEvents(props.purposes)),
      this.schema('Destroy', destroy, {
        'end-all-boxes': { all: true },
        'end-one-box': { instanceId: SOME_BOX },
      }),
      this.schema('Sweep', sweep, { 'sweep-now': {} }),
    ];
    if (props.registry === 'existing-registry') return;
    const registry = new CfnRegistry(this, 'Registry', {
      registryName: REGISTRY,
      description: 'Shareable test events of all functions of this account',
    });
    keepOrDelete(registry, 'keep', 'resource');
    for (const schema of schemas) schema.addResourceDependency(registry);
  }

  private schema(id: string, { handler }: ControlFunction, events: Events): CfnSchema {
    return new CfnSchema(this, id, {
      registryName: REGISTRY,
      // By this name the console finds the events of a function.
      schemaName: `_${handler.functionName}-schema`,
      description: `Test events of ${handler.node.path}`,
      type: 'OpenApi3',
      content: JSON.stringify(documentOf(events)),
    });
  }
}

function createEvents(purposes: readonly Purpose[]): Events {
  const open = purposes.map((purpose) => [`open-${purpose}-box`, { purpose }]);
  return {
    'open-box': {},
    ...(Object.fromEntries(open) as Events),
    'extend-box': { instanceId: SOME_BOX, ttlMinutes: 60 },
  };
}

/** The form in which the console keeps events: an OpenAPI document without paths, whose examples they are. */
function documentOf(events: Events): object {
  const members = Object.assign({}, ...Object.values(events)) as Record<string, unknown>;
  const properties = Object.entries(members).map(([name, value]) => [name, { type: typeof value }]);
  return {
    openapi: '3.0.0',
    info: { version: '1.0.0', title: 'Event' },
    paths: {},
    components: {
      schemas: { Event: { type: 'object', properties: Object.fromEntries(properties) as object } },
      examples: Object.fromEntries(Object.entries(events).map(([name, value]) => [name, { value }])),
    },
  };
}
