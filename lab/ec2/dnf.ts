import { linkProgram } from './image';
import { programsOf } from './packages';
import { failed, said, type StandInReply } from './stand-ins';

/** Commands that change nothing on a box of the lab: its packages are always those of its image. */
const NOTHING_TO_DO = ['upgrade', 'update', 'makecache', 'clean', 'check-update'];

function install(root: string, names: readonly string[]): StandInReply {
  const found = names.map((name) => [name, programsOf(name)] as const);
  const unknown = found.filter(([, programs]) => programs === undefined).map(([name]) => name);
  if (unknown.length > 0) {
    const lines = unknown.map((name) => `No match for argument: ${name}`);
    return failed([...lines, `Error: Unable to find a match: ${unknown.join(' ')}`].join('\n'));
  }
  for (const [, programs] of found) {
    for (const [name, target] of Object.entries(programs ?? {})) linkProgram(root, name, target);
  }
  return said(`Installed:\n${names.map((name) => `  ${name}`).join('\n')}\n\nComplete!`);
}

/**
 * Stands for `dnf`: installing a package links this machine's programs into the box. A package that Amazon Linux 2023 does
 * not have, or that this machine cannot stand in for, is refused in dnf's words.
 */
export function dnf(root: string, args: readonly string[]): StandInReply {
  const [command, ...names] = args.filter((word) => !word.startsWith('-'));
  if (command === 'install' && names.length > 0) return install(root, names);
  if (command !== undefined && NOTHING_TO_DO.includes(command)) return said('Nothing to do.\nComplete!');
  return failed(
    `The lab's dnf knows "install <packages>" and ${NOTHING_TO_DO.join(', ')}; not "${args.join(' ')}".`,
  );
}
