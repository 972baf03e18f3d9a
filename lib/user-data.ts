import { TAGS } from '../contract/tags';

/** EC2's limit for user data before base64. */
export const USER_DATA_BYTES = 16_384;

/** A value known only at deploy time (ARN, endpoint, name) is taken to be at most this long. */
const TOKEN_BYTES = 200;

const DIRECTORY = '/opt/drawbridge';
const END = 'END_OF_FILE';

/** Quotes a value for a shell. Tokens stand for names and ARNs, which hold no quotes. */
export const shellQuote = (value: string): string => `'${value.replaceAll("'", `'\\''`)}'`;

const NOT_ASCII = /[^\0-\x7f]/;

/** As `printf %b` reads it: every byte outside ASCII as an octal number. */
const escaped = (text: string): string =>
  text
    .replaceAll('\\', '\\\\')
    .replaceAll(/[^\0-\x7f]+/g, (letters) =>
      Array.from(Buffer.from(letters), (byte) => `\\0${byte.toString(8)}`).join(''),
    );

/**
 * Shell that writes a file as it is, nothing expanded; itself ASCII whatever the text is, as {@link renderUserData} demands.
 *
 * @throws Error when the text holds the line that ends it
 */
export function writeFile(path: string, text: string): string {
  const body = text.endsWith('\n') ? text : `${text}\n`;
  if (body.split('\n').includes(END)) throw new Error(`${path} must not hold the line ${END}`);
  if (!NOT_ASCII.test(body)) return `cat > ${path} <<'${END}'\n${body}${END}`;
  return `printf '%b\\n' "$(cat <<'${END}'\n${escaped(body)}${END}\n)" > ${path}`;
}

/** A script that ends at its first error. */
export const bash = (...lines: string[]): string =>
  ['#!/bin/bash', 'set -euo pipefail', ...lines, ''].join('\n');

/** Writes a unit of systemd. */
export const unit = (name: string, sections: string): string =>
  writeFile(`/etc/systemd/system/${name}`, sections);

/**
 * Runs before the agent first starts: by default it knows IPv4 only, and would never come online from a subnet whose way
 * out is IPv6 (https://github.com/aws/amazon-ssm-agent#readme), nor with the switch where only IPv4 leads out, or where
 * interface endpoints answer to the ordinary names. No program besides the agent is switched to dual-stack
 * names: S3 by its ordinary name goes through the endpoint, and Secrets Manager's ordinary name has both families.
 */
export const agentScript = (dualStack: boolean): string =>
  bash(
    'mkdir -p /etc/amazon/ssm',
    writeFile(
      '/etc/amazon/ssm/amazon-ssm-agent.json',
      JSON.stringify({ Agent: { UseDualStackEndpoint: dualStack } }),
    ),
  );

/** Powers off, which terminates, once the expiry in the box's tag has passed. Without a readable tag it fails, loudly. */
const EXPIRE = `#!/bin/sh
set -eu
metadata="\${AWS_EC2_METADATA_SERVICE_ENDPOINT:-http://169.254.169.254}"
metadata="\${metadata%/}/latest"
token=$(curl -sf --max-time 5 -X PUT -H 'X-aws-ec2-metadata-token-ttl-seconds: 60' "$metadata/api/token")
expires=$(curl -sf --max-time 5 -H "X-aws-ec2-metadata-token: $token" "$metadata/meta-data/tags/instance/${TAGS.expiresAt}")
end=$(date -u -d "$expires" +%s)
if [ "$(date -u +%s)" -ge "$end" ]; then
  echo "This box expired at $expires and powers off."
  systemctl poweroff
fi
`;

/** A service that runs once. */
export const service = (description: string, command: string): string =>
  `[Unit]\nDescription=${description}\n[Service]\nType=oneshot\nExecStart=${command}\n`;

/** A timer, close to its time. */
export const timer = (description: string, when: string): string =>
  `[Unit]\nDescription=${description}\n[Timer]\n${when}\nAccuracySec=5s\n[Install]\nWantedBy=timers.target\n`;

/**
 * Starts the two timers that end a box from inside: one follows the expiry tag, which can be moved; the other is a hard
 * cap that follows nothing.
 */
export const expiryScript = (maxTtlMinutes: number): string =>
  bash(
    `mkdir -p ${DIRECTORY}`,
    writeFile(`${DIRECTORY}/expire`, EXPIRE),
    `chmod 0755 ${DIRECTORY}/expire`,
    unit('drawbridge-expiry.service', service('Power off once the expiry has passed', `${DIRECTORY}/expire`)),
    unit(
      'drawbridge-expiry.timer',
      timer('Look at the expiry every minute', 'OnBootSec=60s\nOnUnitActiveSec=60s'),
    ),
    unit('drawbridge-cap.service', service('Power off whatever the expiry says', 'systemctl poweroff')),
    unit('drawbridge-cap.timer', timer('The longest life of a box', `OnBootSec=${maxTtlMinutes}min`)),
    'systemctl enable --now drawbridge-expiry.timer drawbridge-cap.timer',
  );

/** What a box installs and fetches while it boots. */
export interface Installation {
  /** Packages of Amazon Linux. */
  readonly packages: readonly string[];
  /** Directories to make. */
  readonly directories: readonly string[];
  /** Path → text. */
  readonly files: Readonly<Record<string, string>>;
  /** Path → `s3://` address. */
  readonly downloads: Readonly<Record<string, string>>;
  /** Of the downloads. */
  readonly region: string;
}

/** Installs, writes, fetches, and nothing else. The files come last: what reads them finds everything else in place. */
export const installScript = (what: Installation): string =>
  bash(
    // The AWS CLI gives the metadata service one second, once; a box that boots is busy.
    'export AWS_METADATA_SERVICE_TIMEOUT=10 AWS_METADATA_SERVICE_NUM_ATTEMPTS=6',
    `dnf install -y ${what.packages.join(' ')}`,
    `mkdir -p ${DIRECTORY} ${what.directories.join(' ')}`,
    ...Object.entries(what.downloads).map(
      ([path, from]) =>
        `aws s3 cp --only-show-errors --region ${shellQuote(what.region)} ${shellQuote(from)} ${path}`,
    ),
    ...Object.entries(what.files).map(([path, text]) => writeFile(path, text)),
  );

/** No line of a script begins like this. */
const BOUNDARY = '==drawbridge==';

const part = (type: string, script: string): string =>
  [`--${BOUNDARY}`, `Content-Type: ${type}; charset="utf-8"`, '', script].join('\n');

/**
 * Joins scripts into user data: `boot` runs early at every boot, the others in order at the first. Plain text inside:
 * CDK's own class encodes each part once more, which takes a third of the room. cloud-init takes such text for ASCII, and runs
 * nothing at all of what holds another letter (`fully_decoded_payload` in its util.py).
 *
 * @throws Error when a script is no ASCII
 */
export function renderUserData(boot: string, scripts: readonly string[]): string {
  if ([boot, ...scripts].some((script) => NOT_ASCII.test(script)))
    throw new Error('User data must be ASCII: write other text with writeFile.');
  return [
    `Content-Type: multipart/mixed; boundary="${BOUNDARY}"`,
    'MIME-Version: 1.0',
    '',
    part('text/cloud-boothook', boot),
    ...scripts.map((script) => part('text/x-shellscript', script)),
    `--${BOUNDARY}--`,
    '',
  ].join('\n');
}

/** Upper bound of the user data's size once deployed, in bytes. */
export function largestSize(userData: string): number {
  const tokens = userData.match(/\$\{Token\[[^\]]+\]\}/g) ?? [];
  return Buffer.byteLength(userData) - Buffer.byteLength(tokens.join('')) + tokens.length * TOKEN_BYTES;
}
