import { createReadStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { EXIT } from '../../contract/exit-codes';
import { ask, plainEnvironment, type Program, ProgramFailed, start } from '../process/program';
import { noRoom } from '../prove/trouble';
import { codeOf, reasonOf, Stop } from '../stop';
import type { Compression } from './compression';
import { type Stage, staged } from './staged';

/** Of p7zip, as Amazon Linux packages it, and of 7-Zip. */
const PROGRAM = '7za';

/** AES-256 for content and names; little memory, since a small box has one GiB. */
const PACK = ['a', '-t7z', '-mhe=on', '-mx=3', '-mmt=2', '-bd', '-p'];
/** No `-p`: where an archive needs a password, it is asked for. */
const UNPACK = ['x', '-so', '-bd'];

/** Where there is no terminal, a password is read from standard input; p7zip wants it twice when it packs. */
function withPassword(args: readonly string[], password: string): Program {
  const program = start(PROGRAM, args, { environment: plainEnvironment() });
  program.stdin.on('error', () => undefined).end(`${password}\n${password}\n`);
  return program;
}

/** What is about the disk or the password, and not about the bytes, as a sentence. */
function explained(error: unknown): unknown {
  const reason = reasonOf(error);
  if (codeOf(error) === 'ENOSPC' || noRoom(reason))
    return new Stop(
      EXIT.noRoom,
      'The scratch disk is full, and archives of 7-Zip need room for the dump and the archive. Give boxes a larger disk (boxVolumeGiB).',
    );
  if (error instanceof ProgramFailed && error.words.includes('Wrong password'))
    return new Stop(
      EXIT.usage,
      'The archive does not open with the password that the secret holds now. ' +
        'Put the password of that day back, or unpack it yourself: 7za x -so <file>, which asks for it.',
    );
  return error;
}

/** A stage that runs one program. */
function running(work: (begin: (program: Program) => Program) => ReturnType<Stage['work']>): Stage {
  let program: Program | undefined;
  return {
    work: () => work((begun) => (program = begun)),
    end: () => program?.end() ?? Promise.resolve(),
    words: () => program?.words() ?? '',
    explained,
  };
}

async function toolLine(): Promise<string> {
  const text = await ask(PROGRAM, [], { environment: plainEnvironment() });
  return text.split('\n').find((line) => line.includes('7-Zip')) ?? PROGRAM;
}

/**
 * Archives of 7-Zip with encrypted names. The format writes its directory last and reads it first, and the password comes by
 * the stream that would carry the data: so both ways need a disk, for the plain and for the packed bytes.
 *
 * @param directory - on a disk with room for both; whoever made it removes it
 */
export function sevenZip(directory: string, password: string): Compression {
  let files = 0;
  const pack = (key: string): Program => {
    const plain = join(directory, basename(key).replace(/\.7z$/, ''));
    const packed = `${plain}.7z`;
    const stage = running(async (begin) => {
      const program = begin(withPassword([...PACK, packed, plain], password));
      program.stdout.resume();
      await program.done;
      await rm(plain);
      return { output: createReadStream(packed), done: Promise.resolve() };
    });
    return staged(plain, stage);
  };
  const unpack = (): Program => {
    const packed = join(directory, `stored-${String((files += 1))}.7z`);
    const stage = running((begin) => {
      const program = begin(withPassword([...UNPACK, packed], password));
      const ended = async (): Promise<void> => {
        try {
          await program.done;
        } finally {
          await rm(packed, { force: true });
        }
      };
      const done = ended();
      done.catch(() => undefined);
      return Promise.resolve({ output: program.stdout, done });
    });
    return staged(packed, stage);
  };
  return { ending: '7z', tool: toolLine, compress: pack, decompress: unpack };
}
