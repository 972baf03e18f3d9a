import { z } from 'zod';
import { yesOrNo } from './kinds';

/** Settings of the network. */
export const networkSettings = {
  egress: z
    .enum(['ipv6'], 'must be ipv6: other ways out are not supported yet')
    .default('ipv6')
    .describe('how boxes leave: `ipv6`, through an egress-only gateway, without a public address'),
  flowLogs: yesOrNo(true).describe("records the VPC's connections"),
} as const;
