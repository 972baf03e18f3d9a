import validate from 'asl-validator';
import { CONFIGURATION_NAMES, CONFIGURATIONS } from '../configurations';
import { flat, jsonWith } from '../lib/synth';

/** The definitions of a configuration by logical id, with values of the deployment put in. */
function definitions(settings: object): [id: string, definition: Record<string, unknown>][] {
  return Object.entries(jsonWith(settings).Resources)
    .filter(([, { Type }]) => Type === 'AWS::StepFunctions::StateMachine')
    .map(([id, { Properties }]) => {
      const text = flat(Properties.DefinitionString)
        .replaceAll('{AWS::Partition}', 'aws')
        .replaceAll(/\{[A-Za-z0-9]+(\.Arn)?\}/g, 'arn:aws:service:eu-west-1:123456789012:thing');
      return [id, JSON.parse(text) as Record<string, unknown>];
    });
}

const problems = (definition: Record<string, unknown>): readonly unknown[] => {
  const { isValid, errors } = validate(definition, { checkArn: true, checkPaths: true });
  expect(isValid).toBe(errors.length === 0);
  return errors;
};

describe.each(CONFIGURATION_NAMES)('asl-validator, on the %s stack', (name) => {
  const found = definitions(CONFIGURATIONS[name]);

  test('sees both state machines', () => {
    expect(found.map(([id]) => id.replace(/[0-9A-F]{8}$/, '')).sort()).toEqual([
      'WorkflowBackup',
      'WorkflowRun',
    ]);
  });

  test.each(found)('finds nothing wrong with %s', (_, definition) => {
    expect(problems(definition)).toEqual([]);
  });
});

test('it would find a state that nothing leads to, and one that is missing', () => {
  const [[, definition] = ['', {}]] = definitions({});
  const { States } = definition as { States: Record<string, object> };
  expect(problems({ ...definition, States: { ...States, Lost: { Type: 'Succeed' } } })).not.toEqual([]);
  expect(problems({ ...definition, StartAt: 'Nowhere' })).not.toEqual([]);
});
