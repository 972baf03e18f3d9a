import { EXIT } from '../../contract/exit-codes';
import { sourceOutput, sourcesAmong } from '../../contract/outputs';
import { Problem } from '../framework/problem';
import { output, type Stack } from './stack';

/** An intake source as it is deployed. */
export interface Source {
  readonly name: string;
  /** Names of its functions. */
  readonly createFunction: string;
  readonly destroyFunction: string;
  /** Session document that leads to the SSH server of its boxes. */
  readonly document: string;
  /** ARN of the policy of its machines. */
  readonly policyArn: string;
}

/** Names of the stack's intake sources, sorted. */
export const sourceNames = (stack: Stack): string[] => sourcesAmong(Object.keys(stack.outputs));

const NONE = 'Name one in the setting `intakeSources` and deploy: see "Hand files in" in the README.';

/**
 * Finds one source.
 *
 * @param name - left out where there is only one
 * @throws Problem naming the sources that there are
 */
export function findSource(stack: Stack, name: string | undefined): Source {
  const names = sourceNames(stack);
  if (names.length === 0)
    throw new Problem(EXIT.notFound, `The stack "${stack.name}" has no intake source.`, NONE);
  const [only] = names;
  if (name === undefined && names.length > 1)
    throw new Problem(EXIT.usage, `Several sources hand files in.`, `Say which: ${names.join(', ')}.`);
  const found = name ?? only ?? '';
  if (!names.includes(found))
    throw new Problem(
      EXIT.notFound,
      `There is no intake source "${found}".`,
      `There are: ${names.join(', ')}.`,
    );
  const value = (what: Parameters<typeof sourceOutput>[1]): string =>
    stack.outputs[sourceOutput(found, what)] ?? '';
  return {
    name: found,
    createFunction: value('createFunction'),
    destroyFunction: value('destroyFunction'),
    document: output(stack, 'intakeDocument'),
    policyArn: value('policy'),
  };
}
