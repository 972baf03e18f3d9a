import { z } from 'zod';
import { idOf, yesOrNo } from './kinds';

/** How boxes reach AWS. */
export const EGRESSES = ['ipv6', 'public-ipv4', 'endpoints', 'existing'] as const;

const subnetIds = (least: 1 | 2) => {
  const message = `must be ${least === 1 ? 'one or more ids of subnets' : 'ids of subnets in two zones or more'}, such as subnet-0123456789abcdef0`;
  const one = idOf('subnet', message);
  const first: [typeof one, ...(typeof one)[]] = least === 1 ? [one] : [one, one];
  return z.tuple(first, one, message).optional();
};

/** Settings of the network. */
export const networkSettings = {
  /** Its default depends on vpcId. */
  egress: z
    .enum(EGRESSES, `must be one of ${EGRESSES.join(', ')}`)
    .optional()
    .describe(
      'how boxes reach AWS: `ipv6` (default; costs nothing, no public address), `public-ipv4`, `endpoints` (no internet), ' +
        "`existing` (an existing VPC's own way out; default there)",
    ),
  s3PrefixListId: idOf('pl', "must be the id of S3's managed prefix list in the region, such as pl-6da54004")
    .optional()
    .describe(
      "S3's prefix list in your region: narrows what boxes may call by IPv4; for `ipv6` and `endpoints`",
    ),
  vpcId: idOf('vpc', 'must be the id of a VPC, such as vpc-0123456789abcdef0')
    .optional()
    .describe('an existing VPC to stand in, instead of one of its own'),
  boxSubnetIds: subnetIds(1).describe('its subnets for boxes and jump host, tried in order'),
  s3EndpointId: idOf('vpce', 'must be the id of a gateway endpoint, such as vpce-0123456789abcdef0')
    .optional()
    .describe('its gateway endpoint for S3, which the route tables of `boxSubnetIds` use'),
  databaseSubnetIds: subnetIds(2).describe('its subnets for the database, unless `databaseHost` is given'),
  flowLogs: yesOrNo(true).describe("records the VPC's connections; an existing VPC's are its owner's affair"),
} as const;
