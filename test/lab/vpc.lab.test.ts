import { CreateVpcCommand, EC2Client } from '@aws-sdk/client-ec2';
import { startLab, type RunningLab } from '../../lab/start';

/** One drawn block in eight has a leading zero: of this many, hardly ever none. */
const VPCS = 100;

let lab: RunningLab;

beforeAll(async () => {
  lab = await startLab();
});

afterAll(() => lab.stop());

describe('a VPC', () => {
  it('has an IPv6 block in canonical form, which the blocks made from it begin with', async () => {
    const ec2 = new EC2Client({
      endpoint: lab.endpoint,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'testing', secretAccessKey: 'testing' },
    });
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
