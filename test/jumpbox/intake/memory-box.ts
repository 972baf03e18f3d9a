import type { Readable } from 'node:stream';
import { intakeRules } from '../../../contract/intake';
import type { BoxMessage, ListedFile } from '../../../contract/intake-protocol';
import { Fingerprints } from '../../../jumpbox/intake/fingerprints';
import { Conversation } from '../../../jumpbox/intake/protocol';
import { Push } from '../../../jumpbox/intake/push';

/** Keeps in memory what the box would put into the bucket. */
export function memoryBox(rules: object = {}) {
  const stored = new Map<string, Buffer>();
  const listed: ListedFile[] = [];
  const refused: { path: string; reason: string }[] = [];
  const said: BoxMessage[] = [];
  const chunks = new Fingerprints();
  const push = new Push({
    rules: intakeRules.parse(rules),
    known: { chunks, problem: undefined },
    store: {
      put: (path: string, sha256: string, { bytes }: { bytes: Buffer }) => {
        stored.set(`${path}/${sha256}`, bytes);
        return Promise.resolve();
      },
      held: (path: string) =>
        Promise.resolve(
          [...stored.keys()].flatMap((key) =>
            key.startsWith(`${path}/`) ? [key.slice(path.length + 1)] : [],
          ),
        ),
    } as never,
    receipt: {
      add: (file: ListedFile) => Promise.resolve(void listed.push(file)),
      refuse: (path: string, reason: string) => Promise.resolve(void refused.push({ path, reason })),
    } as never,
  });
  const say = (message: BoxMessage): Promise<void> => Promise.resolve(void said.push(message));
  const talk = async (input: Readable, patienceMs = 2_000): Promise<void> => {
    const conversation = new Conversation(input, push, say, patienceMs);
    await conversation.greet();
    await conversation.files();
  };
  return { push, talk, said, stored, listed, refused, chunks };
}
