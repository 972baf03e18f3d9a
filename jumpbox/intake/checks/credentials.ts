import type { Finding } from './finding';

/** Bytes of one chunk that are looked at once more with the next: the longest thing that is searched for. */
export const OVERLAP_BYTES = 512;

/** Markers of at most six letters are searched for with the processor's widest registers, longer ones several times slower. */
const PRIVATE_KEYS: readonly (readonly [marker: string, what: string, pattern: RegExp])[] = [
  ['RIVATE', 'a private key (PEM)', /-----BEGIN (?:[A-Z0-9]{1,20} ){0,3}PRIVATE KEY(?: BLOCK)?-----/],
  ['PuTTY-', 'a private key (PuTTY)', /PuTTY-User-Key-File-\d:/],
  ['AGE-SE', 'a private key (age)', /AGE-SECRET-KEY-1[0-9A-Z]{20}/],
];

/** https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html: AKIA is a lasting key, ASIA a passing one. */
const AWS_KEYS: readonly (readonly [marker: string, what: string, pattern: RegExp])[] = [
  ['AKIA', 'an access key of AWS', /(?<![A-Z0-9])AKIA[A-Z2-7]{16}(?![A-Z0-9])/],
  ['ASIA', 'an access key of AWS', /(?<![A-Z0-9])ASIA[A-Z2-7]{16}(?![A-Z0-9])/],
  [
    'aws_secret_access_key',
    'a secret access key of AWS',
    /aws_secret_access_key["']?\s{0,8}[=:]\s{0,8}["']?[A-Za-z0-9/+]{40}(?![A-Za-z0-9/+])/,
  ],
];

const URL_PASSWORDS: readonly (readonly [marker: string, what: string, pattern: RegExp])[] = [
  [
    '://',
    'a password in an address',
    /[a-z][a-z0-9+.-]{1,20}:\/\/[^\s/?#:@"'<>]{1,64}:[^\s/?#@"'<>*]{1,128}@[a-z0-9[]/i,
  ],
];

const WINDOW_BYTES = 256;

/** Looks only near the marker, so that each place costs the same whatever surrounds it. */
function holds(content: Buffer, marker: string, pattern: RegExp): boolean {
  for (let at = content.indexOf(marker); at !== -1; at = content.indexOf(marker, at + marker.length)) {
    const window = content.toString('latin1', Math.max(0, at - WINDOW_BYTES / 4), at + WINDOW_BYTES);
    if (pattern.test(window)) return true;
  }
  return false;
}

/** Credentials that stand in plain sight. Content is searched as bytes; it is neither parsed nor unpacked. */
export function credentialsIn(content: Buffer): Finding[] {
  const found = (rule: Finding['rule'], all: typeof PRIVATE_KEYS): Finding[] => {
    const [, what] = all.find(([marker, , pattern]) => holds(content, marker, pattern)) ?? [];
    return what === undefined ? [] : [{ rule, reason: `the file holds ${what}` }];
  };
  return [
    ...found('privateKeys', PRIVATE_KEYS),
    ...found('awsKeys', AWS_KEYS),
    ...found('urlPasswords', URL_PASSWORDS),
  ];
}
