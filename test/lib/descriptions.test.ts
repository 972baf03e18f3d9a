import { CONFIGURATION_NAMES, CONFIGURATIONS } from '../configurations';
import { jsonWith } from './synth';

/** Beginnings that tell nothing, and texts that are generated. */
const EMPTY = /^(an?|the) |^(todo|\W)|created by|default description/i;

/** What people meet in the console, with its text. */
function described(settings: object): (readonly [name: string, text: unknown])[] {
  const {
    Resources,
    Outputs,
    Parameters = {},
  } = jsonWith(settings) as ReturnType<typeof jsonWith> & {
    readonly Parameters?: Readonly<Record<string, { readonly Description?: string }>>;
  };
  const kinds = [
    'AWS::Lambda::Function',
    'AWS::Scheduler::Schedule',
    'AWS::Events::Rule',
    'AWS::IAM::ManagedPolicy',
  ];
  return [
    ...Object.entries(Resources)
      .filter(([, { Type }]) => kinds.includes(Type))
      .map(([id, { Properties }]) => [id, Properties.Description] as const),
    ...Object.entries(Outputs).map(([id, { Description }]) => [id, Description] as const),
    // The version of the CDK's bootstrap, which the CDK adds and describes.
    ...Object.entries(Parameters).map(([id, { Description }]) => [id, Description] as const),
  ];
}

test.each(CONFIGURATION_NAMES)(
  'every function, schedule, rule, policy, output and parameter of the %s stack says what it is for',
  (name) => {
    const all = described(CONFIGURATIONS[name]);
    expect(all.length).toBeGreaterThan(20);
    const mute = all.filter(
      ([, text]) => typeof text !== 'string' || text.split(' ').length < 2 || EMPTY.test(text),
    );
    expect(mute).toEqual([]);
  },
);

test('no two functions say the same', () => {
  for (const settings of Object.values(CONFIGURATIONS)) {
    const functions = Object.values(jsonWith(settings).Resources).filter(
      ({ Type }) => Type === 'AWS::Lambda::Function',
    );
    const texts = functions.map(({ Properties }) => Properties.Description);
    expect(new Set(texts).size).toBe(texts.length);
  }
});
