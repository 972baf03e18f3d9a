import { spawnSync } from 'node:child_process';
import {
  agentScript,
  expiryScript,
  installScript,
  largestSize,
  renderUserData,
  shellQuote,
  writeFile,
} from '../../lib/user-data';
import { jsonWith, readable, resourceOf } from './synth';

const userDataOf = (box: string): string => {
  const { LaunchTemplateData } = resourceOf(jsonWith(), 'AWS::EC2::LaunchTemplate', box).Properties as {
    LaunchTemplateData: { UserData: unknown };
  };
  return readable(LaunchTemplateData.UserData);
};

interface Part {
  readonly type: string;
  readonly text: string;
}

/** Takes multipart text apart, by its own boundary. */
function partsOf(userData: string): Part[] {
  const boundary = /boundary="([^"]+)"/.exec(userData)?.[1] ?? '';
  const pieces = userData.split(`--${boundary}`);
  expect(pieces.at(-1)).toBe('--\n');
  return pieces.slice(1, -1).map((piece) => {
    const [head = '', ...body] = piece.trimStart().split('\n\n');
    return { type: /Content-Type: ([^;]+)/.exec(head)?.[1] ?? '', text: body.join('\n\n') };
  });
}

const bash = (args: string[], input: string) => spawnSync('bash', args, { input, encoding: 'utf8' });

describe('user data', () => {
  test.each([
    ['AccessBox', 2],
    ['BackupBox', 3],
    ['RestoreBox', 3],
    ['JumpHost', 2],
  ])(
    'of %s: the agent’s setting before its first start, then scripts (aws-facts 0.2, 13.4)',
    (box, count) => {
      const [boot, ...scripts] = partsOf(userDataOf(box));
      expect(boot?.type).toBe('text/cloud-boothook');
      expect(boot?.text).toContain('/etc/amazon/ssm/amazon-ssm-agent.json');
      expect(boot?.text).toContain('{"Agent":{"UseDualStackEndpoint":true}}');
      expect(scripts.map(({ type }) => type)).toEqual(Array(count - 1).fill('text/x-shellscript'));
    },
  );

  test.each(['AccessBox', 'BackupBox', 'RestoreBox', 'JumpHost'])(
    'of %s is shell that bash can read, stopping at failures',
    (box) => {
      for (const { text } of partsOf(userDataOf(box))) {
        expect(text).toMatch(/^#!\/bin\/bash\nset -euo pipefail\n/);
        expect(bash(['-n'], text)).toMatchObject({ status: 0, stderr: '' });
      }
    },
  );

  test('starts the timers before anything that can fail', () => {
    const text = userDataOf('BackupBox');
    const timers = text.indexOf('systemctl enable --now drawbridge-expiry.timer drawbridge-cap.timer');
    expect(timers).toBeGreaterThan(0);
    expect(text.indexOf('dnf install')).toBeGreaterThan(timers);
    expect(text.indexOf('aws s3 cp')).toBeGreaterThan(timers);
  });

  test('caps the life of a box at its longest, whatever the tag says', () => {
    expect(expiryScript(90)).toContain('OnBootSec=90min');
    expect(userDataOf('JumpHost')).not.toContain('drawbridge-cap');
  });

  test('sets no dual-stack flag beyond the agent’s: S3 by its ordinary name goes through the endpoint (aws-facts 13.5)', () => {
    expect(userDataOf('BackupBox')).not.toContain('DUALSTACK');
  });

  test('writes box.env last: what reads it finds everything else in place', () => {
    const script = installScript({
      packages: ['zstd'],
      directories: ['/var/lib/x'],
      files: { '/opt/x/box.env': 'A=1' },
      downloads: { '/opt/x/program': 's3://assets/program' },
      region: 'eu-west-1',
    });
    const lines = script.split('\n');
    const at = (start: string): number => lines.findIndex((line) => line.startsWith(start));
    expect(at('dnf install')).toBeLessThan(at('aws s3 cp'));
    expect(at('aws s3 cp')).toBeLessThan(at('cat > /opt/x/box.env'));
  });
});

describe('values in shell', () => {
  const awkward = `it's "$HOME" \`id\` \\ $(id)`;

  test('arrive as they are', () => {
    expect(bash([], `printf %s ${shellQuote(awkward)}`).stdout).toBe(awkward);
    const written = `file=$(mktemp)\n${writeFile('"$file"', awkward)}\ncat "$file"; rm "$file"`;
    expect(bash([], written).stdout).toBe(`${awkward}\n`);
  });

  test.each(['größe → 日誌\n', 'C:\\temp\\0 100% größe'])('arrive as they are, in ASCII: %j', (text) => {
    const written = `file=$(mktemp)\n${writeFile('"$file"', text)}\ncat "$file"; rm "$file"`;
    expect(written).toMatch(/^[\0-\x7f]*$/);
    expect(bash([], written).stdout).toBe(`${text.trimEnd()}\n`);
  });

  test('that are no ASCII are refused elsewhere: cloud-init would run nothing', () => {
    expect(() => renderUserData('echo ä', [])).toThrow('must be ASCII');
    expect(() => renderUserData('', ['echo ä'])).toThrow('must be ASCII');
  });

  test('that would end the file early are refused', () => {
    expect(() => writeFile('/x', 'a\nEND_OF_FILE\nid')).toThrow('/x must not hold the line END_OF_FILE');
  });
});

test('the size of user data is measured as the largest it can become', () => {
  expect(largestSize('ä${Token[AWS.Region.4]}b')).toBe(2 + 200 + 1);
  expect(renderUserData(agentScript(true), []).length).toBe(
    largestSize(renderUserData(agentScript(true), [])),
  );
});
