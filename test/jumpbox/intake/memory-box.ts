import type { Readable } from 'node:stream';
import { intakeRules } from '../../../contract/intake';
import type { BoxMessage, ListedFile } from '../../../contract/intake-protocol';
import { KnownChunks } from '../../../jumpbox/intake/known-chunks';
import { Conversation } from '../../../jumpbox/intake/protocol';
import { Push } from '../../../jumpbox/intake/push';

/** Name of the pack that a box in memory puts everything into. */
export const PACK = '0'.repeat(32);

/** Keeps in memory what the box would put into the bucket: chunks by path and hash. */
export function memoryBox(rules: object = {}) {
  const stored = new Map<string, Buffer>();
  const listed: ListedFile[] = [];
  const refused: { path: string; reason: string }[] = [];
  const said: BoxMessage[] = [];
  const chunks = new KnownChunks();
  const push = new Push({
    rules: intakeRules.parse(rules),
    known: { chunks, problem: undefined },
    packs: {
      put: (path, sha256, { bytes, encoding }) => {
        stored.set(`${path}/${sha256}`, bytes);
        return Promise.resolve({ sha256, pack: PACK, at: 0, length: bytes.length, encoding });
      },
      finish: () => Promise.resolve(),
    },
    receipt: {
      add: (file: ListedFile) => Promise.resolve(void listed.push(file)),
      refuse: (path: string, reason: string) => Promise.resolve(void refused.push({ path, reason })),
    } as never,
  });
  /** Makes known what another box has stored in the same bucket. */
  const know = (before: ReadonlyMap<string, Buffer>): void => {
    for (const [key, bytes] of before) {
      const [path, sha256] = [key.slice(0, -65), key.slice(-64)];
      chunks.add(path, { sha256, pack: PACK, at: 0, length: bytes.length, encoding: 'gzip' });
    }
  };
  const say = (message: BoxMessage): Promise<void> => Promise.resolve(void said.push(message));
  const talk = async (input: Readable, patienceMs = 2_000): Promise<void> => {
    const conversation = new Conversation(input, push, say, patienceMs);
    await conversation.greet();
    await conversation.files();
  };
  return { push, talk, said, stored, listed, refused, know };
}
