import {
  checkParameters,
  interpolate,
  interpolateLines,
  parameterVariables,
} from '../../../lab/ssm/parameters';
import type { DocumentParameter } from '../../../lab/ssm/documents';

const parameters: Record<string, DocumentParameter> = {
  name: { type: 'String', allowedPattern: '[a-z]+', maxChars: 5 },
  lines: { type: 'StringList', default: ['a', 'b'] },
  mode: { type: 'String', default: 'on', allowedValues: ['on', 'off'] },
  secret: { type: 'String', default: '', interpolationType: 'ENV_VAR' },
};

it('fills in defaults and takes one value for a String', () => {
  expect(checkParameters(parameters, { name: ['abc'] })).toEqual({
    name: 'abc',
    lines: ['a', 'b'],
    mode: 'on',
    secret: '',
  });
});

it.each([
  [{}, '"name" is required'],
  [{ name: ['ABC'] }, 'not matching'],
  [{ name: ['abc; rm'] }, 'not matching'],
  [{ name: ['abcdef'] }, 'longer than 5'],
  [{ name: ['a', 'b'] }, 'takes one value'],
  [{ name: ['a'], mode: ['maybe'] }, 'not in [on, off]'],
  [
    { name: ['a'], other: ['x'] },
    'unknown to the document: other. Its parameters: name, lines, mode, secret',
  ],
])('refuses %j', (given, message) => {
  expect(() => checkParameters(parameters, given)).toThrow(message);
});

it('pastes only what is not for the environment', () => {
  const values = { name: 'x', lines: ['a', 'b'], mode: 'on', secret: '"; id' };
  expect(interpolate('{{name}} {{ mode }} {{ secret }} {{ unknown }}', parameters, values)).toBe(
    'x on {{ secret }} {{ unknown }}',
  );
  expect(interpolateLines('{{ lines }}', parameters, values)).toEqual(['a', 'b']);
  expect(interpolateLines(['echo {{ name }}', '{{ lines }}'], parameters, values)).toEqual([
    'echo x',
    'a',
    'b',
  ]);
  expect(parameterVariables(parameters, values)).toEqual({ SSM_secret: '"; id' });
});
