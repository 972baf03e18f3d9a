import { CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2';
import { type ComputeLab, startComputeLab } from './compute-lab';

/** One drawn block in eight has a leading zero: of this many, hardly ever none. */
const VPCS = 100;

let lab: ComputeLab;

beforeAll(async () => {
  lab = await startComputeLab();
});

afterAll(() => lab.stop());

describe('a VPC', () => {
  it('has an IPv6 block in canonical form, which the blocks made from it begin with', async () => {
    const ec2 = new EC2Client(lab.access);
    for (let count = 0; count < VPCS; count += 1) {
      const { Vpc } = await ec2.send(
        new CreateVpcCommand({ CidrBlock: '10.0.0.0/16', AmazonProvidedIpv6CidrBlock: true }),
      );
      const block = Vpc?.Ipv6CidrBlockAssociationSet?.[0]?.Ipv6CidrBlock ?? '';
      const [address = '', length] = block.split('/');
      expect(length).toBe('56');
      // The URL parser writes IPv6 addresses in their canonical form.
      expect(new URL(`http://[${address}]`).hostname).toBe(`[${address}]`);
    }
  });
});
