import { z } from 'zod';
import { list, oneOf, whole } from './kinds';

/** `aws:runShellScript` ends after 172,800 seconds at most, and one duration drives everything that may end a box. */
const LONGEST_MINUTES = 2880;

/** Graviton families are named letters, generation, `g`; AL2023's tools do not fit into the 512 MiB of a nano. */
const BOX_TYPE = /^[a-z]+\d+g[a-z]*\.(micro|small|medium|large|\d*xlarge)$/;
const BOX_TYPE_MESSAGE =
  'must be arm64 instance types from micro upwards, such as t4g.micro, m7g.medium (no nano: 512 MiB are too little to install the tools)';

const boxType = z.string(BOX_TYPE_MESSAGE).regex(BOX_TYPE, BOX_TYPE_MESSAGE);

const TARGET_MESSAGE =
  'must be ranges or security groups with a port, such as 10.20.0.0/16:6379, [fd00::/8]:22, sg-0123456789abcdef0:5432';
const TARGET =
  /^(\d{1,3}(\.\d{1,3}){3}\/([0-9]|[12]\d|3[0-2])|\[[0-9a-fA-F:]+\/(\d{1,2}|1[01]\d|12[0-8])\]|sg-([0-9a-f]{8}|[0-9a-f]{17})):([1-9]\d{0,4})$/;
const MAX_PORT = 65_535;
const accessTarget = z
  .string(TARGET_MESSAGE)
  .regex(TARGET, TARGET_MESSAGE)
  .refine((text) => Number(text.slice(text.lastIndexOf(':') + 1)) <= MAX_PORT, TARGET_MESSAGE);

/** Settings of the jump host and the boxes. */
export const boxSettings = {
  jumpHost: oneOf(['on-demand', 'always', 'none'], 'on-demand').describe(
    '`on-demand` (none until asked for), `always`, `none`',
  ),
  jumpHostIdleMinutes: whole(5, 1_440, 'minutes', 15).describe(
    'an `on-demand` jump host leaves when no session has been open and nobody has run anything for so long',
  ),
  accessTargets: list(accessTarget, TARGET_MESSAGE).describe(
    'other ranges or security groups, each with a port, that `access` boxes and the jump host may reach',
  ),
  ttlMinutes: whole(1, LONGEST_MINUTES, 'minutes', 60).describe('life of a box when the request names none'),
  maxTtlMinutes: whole(1, LONGEST_MINUTES, 'minutes', 720).describe(
    'longest life of a box, and so of a backup',
  ),
  maxBoxes: whole(1, 100, 'boxes', 5).describe('boxes that may live at a time'),
  /** Tried in order; one at least. */
  boxTypes: z
    .tuple([boxType], boxType, BOX_TYPE_MESSAGE)
    .default(['t4g.micro', 't4g.small', 't4g.medium'])
    .describe('arm64 instance types of boxes, tried in order'),
  /** The image's own disk is 8 GiB. */
  boxVolumeGiB: whole(8, 16_384, 'GiB', 20).describe('disk of a box: a proof restores into it'),
  consoleTestEvents: oneOf(['none', 'existing-registry', 'new-registry'], 'none').describe(
    'test events for the lifecycle functions in the console: `existing-registry` where the account has the registry `lambda-testevent-schemas`, `new-registry` where it has not',
  ),
  sweepMinutes: whole(1, 60, 'minutes', 5).describe('minutes between sweeps'),
} as const;
