import { z } from 'zod';
import { needed, only, type Rule, rule } from './rule';

const LATER = 'a VPC of its own gets its own';

/** What the settings of the network must hold together. */
export const NETWORK_RULES: readonly Rule[] = [
  ...needed(
    ['boxSubnetIds', 's3EndpointId'],
    'vpcId',
    'nothing is looked up, and a second S3 endpoint on the same route table cannot be made',
  ),
  ...only(['boxSubnetIds', 's3EndpointId', 'databaseSubnetIds'], 'with', 'vpcId', LATER),
  ...only(['flowLogs'], 'without', 'vpcId', "the flow logs of an existing VPC are its owner's affair"),
  {
    setting: 'databaseSubnetIds',
    problem: (_, given) =>
      given.has('vpcId') && !given.has('databaseHost') && !given.has('databaseSubnetIds')
        ? 'is needed with vpcId, unless databaseHost names a database that exists'
        : undefined,
  },
  rule('egress', { egress: z.string() }, ({ egress }, given) => {
    if (given.has('vpcId'))
      return egress === 'existing'
        ? undefined
        : `must not be ${egress} with vpcId: an existing VPC has its own way out; leave egress out`;
    return egress === 'existing' ? 'must not be existing without vpcId, which names the VPC' : undefined;
  }),
  {
    setting: 's3PrefixListId',
    problem: (settings, given) => {
      const { egress } = z
        .object({ egress: z.string().default('ipv6') })
        .catch({ egress: 'ipv6' })
        .parse(settings);
      const narrows = !given.has('vpcId') && ['ipv6', 'endpoints'].includes(egress);
      return given.has('s3PrefixListId') && !narrows
        ? 'must be given with egress ipv6 or endpoints only: elsewhere boxes call all of AWS by IPv4'
        : undefined;
    },
  },
];
