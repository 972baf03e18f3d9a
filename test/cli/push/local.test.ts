import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { localFiles } from '../../../cli/push/local';
import type { Outgoing, Unread } from '../../../cli/push/outgoing';
import { drawbridge } from '../support';
import { EXIT } from '../../../contract/exit-codes';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'drawbridge-local-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

const read = async (file: Outgoing): Promise<string> => {
  const pieces: Buffer[] = [];
  for await (const piece of file.content()) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces).toString();
};

/** Everything that is found; `between` is called before each file's content is read, and after. */
async function walk(exclude: readonly string[] = [], between: (path: string) => void = () => undefined) {
  const unread: Unread[] = [];
  const found: Record<string, string> = {};
  for await (const file of localFiles({ path: root, as: 'r', exclude }, (what) => unread.push(what))) {
    found[file.path] = await read(file);
    between(file.path);
  }
  return { found, unread };
}

test('files in the order of names, with odd names escaped; links, pipes and what is excluded are passed over', async () => {
  mkdirSync(join(root, 'd'));
  writeFileSync(join(root, 'd', 'b'), '2');
  writeFileSync(join(root, 'a\u001b[2J'), '1');
  writeFileSync(Buffer.concat([Buffer.from(join(root, 'z')), Buffer.from([0xff])]), '3');
  writeFileSync(join(root, 'd', 'x.tmp'), 'no');
  symlinkSync('/etc/passwd', join(root, 'link'));
  symlinkSync('/etc', join(root, 'folder'));
  execFileSync('mkfifo', [join(root, 'pipe')]);
  const { found, unread } = await walk(['**/*.tmp']);
  expect(Object.entries(found)).toEqual([
    ['r/a\\x1b[2J', '1'],
    ['r/d/b', '2'],
    ['r/z\\xff', '3'],
  ]);
  expect(unread).toEqual([]);
});

describe('whoever owns a folder leads nobody elsewhere', () => {
  beforeEach(() => {
    mkdirSync(join(root, 'theirs', 'deep'), { recursive: true });
    mkdirSync(`${root}-secret`);
    for (const name of ['1', '2', '3']) {
      writeFileSync(join(root, 'theirs', 'deep', name), 'theirs');
      writeFileSync(join(`${root}-secret`, name), 'SECRET');
    }
  });
  afterEach(() => {
    rmSync(`${root}-secret`, { recursive: true });
  });

  test('by a link in the place of a file', async () => {
    const { found } = await walk([], (path) => {
      if (!path.endsWith('/1')) return;
      rmSync(join(root, 'theirs', 'deep', '2'));
      symlinkSync(join(`${root}-secret`, '2'), join(root, 'theirs', 'deep', '2'));
    });
    expect(found).toEqual({ 'r/theirs/deep/1': 'theirs', 'r/theirs/deep/3': 'theirs' });
  });

  // proc(5) is what makes it possible.
  if (process.platform === 'linux')
    test.each([
      ['the folder', 'theirs/deep'],
      ['the folder above', 'theirs'],
    ])('by a link in the place of %s', async (_, place) => {
      mkdirSync(join(`${root}-secret`, 'deep'));
      for (const name of ['1', '2', '3']) writeFileSync(join(`${root}-secret`, 'deep', name), 'SECRET');
      const { found, unread } = await walk([], (path) => {
        if (!path.endsWith('/1')) return;
        renameSync(join(root, place), join(`${root}-secret`, 'moved'));
        symlinkSync(`${root}-secret`, join(root, place));
      });
      // The very folder that was opened is read on, wherever it is now.
      expect([...new Set(Object.values(found))]).toEqual(['theirs']);
      expect(Object.keys(found)).toHaveLength(3);
      expect(unread).toEqual([]);
    });
});

test('a file that goes or shrinks meanwhile stops nothing', async () => {
  for (const name of ['1', '2', '3']) writeFileSync(join(root, name), 'x'.repeat(10));
  const { found, unread } = await walk([], (path) => {
    if (path === 'r/1') rmSync(join(root, '2'));
  });
  expect(Object.keys(found)).toEqual(['r/1', 'r/3']);
  expect(unread).toEqual([{ path: 'r/2', reason: 'ENOENT: no such file or directory' }]);
});

describe('push --dry-run', () => {
  const config = (value: object): string => {
    const path = join(root, 'push.json');
    writeFileSync(path, JSON.stringify(value));
    return path;
  };
  const names = { createFunction: 'c', destroyFunction: 'd' };

  test('names what would be announced, and what could not be read', async () => {
    mkdirSync(join(root, 'log'));
    writeFileSync(join(root, 'log', 'a'), 'x');
    const paths = [
      { path: join(root, 'log'), as: 'log' },
      { path: join(root, 'none'), as: 'none' },
    ];
    const ran = await drawbridge(['push', '--dry-run', '--config', config({ ...names, paths })]);
    expect(ran).toMatchObject({ code: EXIT.someRefused, stdout: '           1  log/a\n' });
    expect(ran.stderr).toContain('none: ENOENT');
  });

  test.each([
    [{ ...names }, 'paths'],
    [{ ...names, paths: [] }, 'at least one path'],
    [{ ...names, paths: [{ path: 'etc' }] }, 'paths.0.path: must be an absolute path'],
    [{ ...names, paths: [{ path: '/etc', host: '-oProxyCommand=id' }] }, 'must be a name for ssh'],
    [{ ...names, paths: [{ path: '/etc', host: 'a b' }] }, 'must be a name for ssh'],
    [{ ...names, paths: [{ path: '/etc', as: '/x/' }] }, 'without slashes at its ends'],
    [{ ...names, paths: [{ path: '/etc' }], bandwidthKiBps: 0 }, 'bandwidthKiBps'],
    [{ ...names, paths: [{ path: '/etc' }], path: '/etc' }, 'path'],
    [{ paths: [{ path: '/etc' }] }, 'createFunction'],
  ])('refuses %j', async (value, says) => {
    const ran = await drawbridge(['push', '--dry-run', '--config', config(value)]);
    expect([ran.code, ran.stdout]).toEqual([EXIT.usage, '']);
    expect(ran.stderr).toContain(says);
    expect(ran.stderr).toContain('vm-config');
  });

  test('of a file that is not there says which', async () => {
    const ran = await drawbridge(['push', '--config', join(root, 'none.json')]);
    expect([ran.code, ran.stderr]).toEqual([EXIT.usage, expect.stringContaining('none.json')]);
  });
});
