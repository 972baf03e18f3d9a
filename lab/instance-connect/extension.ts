import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import type { LabContext } from '../context';
import { boxesOf } from '../ec2/boxes';
import type { AwsCall, AwsReply, Extension } from '../endpoint/extension';
import { AwsFault } from '../endpoint/fault';
import { jsonReply } from '../endpoint/reply';
import { withFaults } from '../faults';
import { keysOf } from './keys';

/** Key types that Amazon Linux 2023 takes: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-instance-connect-methods.html */
const KEY_TYPES = ['ssh-rsa', 'ssh-ed25519'];

/** One line of a public key: its type stands in its body too, after four bytes of length (RFC 4253, 6.6). */
function isPublicKey(text: string): boolean {
  const [, type = '', body = ''] = /^(\S+) ([A-Za-z0-9+/]+={0,2})(?: [^\n]*)?\n?$/.exec(text) ?? [];
  return (
    KEY_TYPES.includes(type) &&
    Buffer.from(body, 'base64')
      .subarray(4, 4 + type.length)
      .toString() === type
  );
}

/** Source: https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html */
const sending = z.object({
  InstanceId: z.string().regex(/^i-[a-f0-9]+$/),
  InstanceOSUser: z.string().regex(/^[A-Za-z_][A-Za-z0-9@._-]{0,30}[A-Za-z0-9$_-]?$/),
  SSHPublicKey: z.string().min(80).max(4096).refine(isPublicKey, 'is no public key of type RSA or ED25519'),
  AvailabilityZone: z.string().optional(),
});

/** EC2 Instance Connect: lets a key in to one user of one instance for a minute. */
export function instanceConnectExtension(context: LabContext): Extension {
  const boxes = boxesOf(context);
  const keys = keysOf(context);
  const send = (call: AwsCall): AwsReply => {
    const read = sending.safeParse(call.input);
    if (!read.success) {
      const problems = read.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
      throw new AwsFault('InvalidArgsException', problems.join('; '));
    }
    const { InstanceId, InstanceOSUser, SSHPublicKey } = read.data;
    const box = boxes.get(InstanceId);
    if (box === undefined || box.options.region !== call.region)
      throw new AwsFault('EC2InstanceNotFoundException', `Instance ${InstanceId} was not found.`);
    if (!box.isOn)
      throw new AwsFault('EC2InstanceStateInvalidException', `Instance ${InstanceId} is not running.`);
    keys.send(InstanceId, InstanceOSUser, SSHPublicKey.trim());
    return jsonReply(call, { RequestId: randomUUID(), Success: true });
  };
  return withFaults(context, {
    service: 'ec2-instance-connect',
    operations: { SendSSHPublicKey: (call) => Promise.resolve().then(() => send(call)) },
  });
}
