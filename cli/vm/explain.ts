import type { Policy, Statement } from './policy';

/** What each statement of the policy of a source's machines is for, by its Sid. */
export const MEANINGS: Readonly<Record<string, string>> = {
  OpenAndEndOwnBoxes:
    'Call two functions, which open and end boxes of this source. What a box is, the functions know, not the caller.',
  SessionsToOwnBoxes:
    'Open sessions to boxes that carry the tags of this stack and this source, and only where a document is named: ' +
    'without one, Session Manager would open a shell.',
  ToTheirSshServerOnly: 'Use one session document, which leads to port 22 of the box and nowhere else.',
  KeyForOneMinute:
    'Put an SSH key on such a box for a minute, for the user intake, who can run nothing but the intake program.',
  DataChannels:
    'Open the data channel of a session. It asks for the token that opening the session returned; AWS knows no ' +
    'narrower resource.',
  OwnSessions: 'Continue and end sessions that the same principal has opened.',
};

/** A statement with what it is for. */
export interface Explained {
  readonly statement: Statement;
  /** Undefined for one that this version of the program does not know. */
  readonly means: string | undefined;
}

/** Explains a policy, statement by statement. */
export const explainPolicy = ({ Statement }: Policy): Explained[] =>
  Statement.map((statement) => ({ statement, means: MEANINGS[statement.Sid ?? ''] }));

const list = (value: string | readonly string[] | undefined): string => [value ?? []].flat().join(', ');

/** The explanation as text. */
export function explanationText(explained: readonly Explained[]): string {
  const paragraph = ({ statement, means }: Explained, at: number): string => {
    const { Sid = 'without a name', Effect, Action, Resource, Condition } = statement;
    const conditions = Object.entries(Condition ?? {}).flatMap(([operator, keys]) =>
      Object.entries(keys).map(([key, value]) => `     if ${key} ${operator} ${[value].flat().join(' or ')}`),
    );
    return [
      `${at + 1}. ${Sid}: ${means ?? 'not known to this version of the program; read it with care.'}`,
      `     ${Effect === 'Allow' ? 'may' : 'must not'} ${list(Action)}`,
      `     on ${list(Resource)}`,
      ...conditions,
    ].join('\n');
  };
  return explained.map(paragraph).join('\n');
}
