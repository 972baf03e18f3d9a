/**
 * The operating system's own trees. On a box they stand below the box's directory; `/dev` and `/proc` stay the machine's.
 */
export const SYSTEM_TREES = [
  '/bin',
  '/etc',
  '/home',
  '/opt',
  '/root',
  '/run',
  '/sbin',
  '/srv',
  '/tmp',
  '/usr/bin',
  '/usr/local',
  '/usr/sbin',
  '/var',
];

const trees = SYSTEM_TREES.map((tree) => tree.slice(1)).join('|');

/**
 * An absolute path of such a tree, where a path can begin. Not a path: what follows a letter, digit or slash (`s3://b/etc`,
 * `lib/etc`), a dot (`./etc`) or a closing brace (`$prefix/etc`, `${prefix}/etc`). A `file://` before it is kept.
 */
const ABSOLUTE = new RegExp(`(?<![\\w./~})*-]|\\$)(?<scheme>file://)?/(?<tree>${trees})(?![\\w.-])`, 'g');

const FILE_URL = new RegExp(`(?<=file://)/(?<tree>${trees})(?![\\w.-])`, 'g');

/**
 * Moves absolute paths of the operating system's trees below a box's directory, in the text of a script or unit file.
 * This is the one liberty that the lab takes with what it runs: a box is a directory, not a machine.
 */
export function moveBelow(root: string, text: string): string {
  const move = (match: string, ...rest: unknown[]): string => {
    const groups = rest.at(-1) as { tree: string; scheme?: string };
    const [offset, whole] = rest.slice(-3) as [number, string, unknown];
    const scheme = groups.scheme ?? '';
    // A box's directory may itself lie below one of the trees: what stands there already stays.
    const isMoved = whole.startsWith(root, offset + scheme.length);
    return isMoved ? match : `${scheme}${root}/${groups.tree}`;
  };
  return text.replace(FILE_URL, move).replace(ABSOLUTE, move);
}

/** Where a path of the box stands on this machine; paths outside the operating system's trees stay. */
export function below(root: string, path: string): string {
  if (path === root || path.startsWith(`${root}/`)) return path;
  return SYSTEM_TREES.some((tree) => path === tree || path.startsWith(`${tree}/`)) ? root + path : path;
}
