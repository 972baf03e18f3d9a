import { z } from 'zod';

/** The one user that SSH knows on an intake box. */
export const INTAKE_USER = 'intake';

/** Name of an intake source: part of keys, tags and names. */
export const SOURCE_NAME = /^(?=.{1,20}$)[a-z](-?[a-z0-9])*$/;

/** Bytes of a file that are hashed, sent and stored as one; the last chunk of a file is shorter. */
export const CHUNK_BYTES = 4 * 1024 ** 2;

/** Largest pack: chunks, compressed as they came, that are stored as one object. A single chunk always fits. */
export const PACK_BYTES = 2 * CHUNK_BYTES;

/**
 * Longest path in bytes of UTF-8, escapes counted: whoever keeps files under their paths in S3, whose keys have 1,024 bytes
 * (https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html), has room for a prefix.
 */
export const LONGEST_PATH_BYTES = 800;

/** What becomes of a file that holds something: not stored, stored and named in the receipt, stored. */
export const VERDICTS = ['refuse', 'flag', 'allow'] as const;
/** One of {@link VERDICTS}. */
export type Verdict = (typeof VERDICTS)[number];

const whole = (min: number, max: number, what: string) => {
  const message = `must be a whole number of ${what} from ${min} to ${max}`;
  return z.int(message).min(min, message).max(max, message);
};
const verdict = z.enum(VERDICTS, `must be one of ${VERDICTS.join(', ')}`);
const patterns = (standard: string[]) =>
  z
    .array(
      z.string('must be a pattern such as **/*.log').min(1, 'must not be empty').max(200),
      'must be a list of patterns such as ["**/*.log"]',
    )
    .max(50, 'must hold at most 50 patterns')
    .default(standard);

/** What an intake box accepts. Sizes count before compression. */
export const intakeRulesShape = {
  /** Largest file, MiB. */
  maxFileMiB: whole(1, 1_048_576, 'MiB').default(1024),
  /** Most that one push may hold, unchanged files included, MiB. */
  maxPushMiB: whole(1, 104_857_600, 'MiB').default(102_400),
  /** Files of one push. */
  maxFiles: whole(1, 10_000_000, 'files').default(1_000_000),
  /** Paths that are taken; `**` is any number of folders. */
  allow: patterns(['**']),
  /** Paths that are not taken even so. */
  refuse: patterns([]),
  /** Content that is not what the file's name says. */
  contradictions: verdict.default('flag'),
  /** Archives that unpack to more than 200 times their size, or to more than 100 GiB. */
  bombs: verdict.default('refuse'),
  /** Private keys: PEM, OpenSSH, PuTTY, age. */
  privateKeys: verdict.default('refuse'),
  /** Access keys of AWS. */
  awsKeys: verdict.default('refuse'),
  /** Passwords in addresses, such as `https://user:password@host`. */
  urlPasswords: verdict.default('flag'),
} as const;

/** See {@link intakeRulesShape}. */
export const intakeRules = z.strictObject(intakeRulesShape);
/** See {@link intakeRulesShape}. */
export type IntakeRules = z.infer<typeof intakeRules>;

/** The rules alone, out of something that holds more. */
export const rulesOf = (settings: IntakeRules): IntakeRules => z.object(intakeRulesShape).parse(settings);
