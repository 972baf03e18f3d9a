import { clockOf, type LabClock } from '../clock';
import { onePerLab } from '../one-per-lab';

/** How long a key counts: https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html */
const KEY_MS = 60_000;

/** A public key that a user of an instance may come in with. */
interface Key {
  readonly publicKey: string;
  readonly expiresAt: number;
}

/** The public keys that were sent to instances, each for one user and one minute. */
export class InstanceKeys {
  private readonly keys = new Map<string, Key[]>();

  constructor(private readonly clock: LabClock) {}

  send(instanceId: string, user: string, publicKey: string): void {
    const expiresAt = this.clock.now().getTime() + KEY_MS;
    this.keys.set(`${instanceId} ${user}`, [...this.active(instanceId, user), { publicKey, expiresAt }]);
  }

  /** Keys whose minute has not passed. */
  active(instanceId: string, user: string): Key[] {
    const now = this.clock.now().getTime();
    return (this.keys.get(`${instanceId} ${user}`) ?? []).filter(({ expiresAt }) => expiresAt > now);
  }

  /**
   * What the metadata service shows of a user's keys, without the signatures; undefined when there are none.
   * Source: https://github.com/aws/aws-ec2-instance-connect-config, src/bin/eic_parse_authorized_keys.
   */
  asMetadata(instanceId: string, user: string): string | undefined {
    const blocks = this.active(instanceId, user).map(
      ({ publicKey, expiresAt }) =>
        `#Timestamp=${Math.floor(expiresAt / 1000)}\n#Instance=${instanceId}\n${publicKey}\n`,
    );
    return blocks.length === 0 ? undefined : blocks.join('\n');
  }
}

/** The keys of a lab: EC2 Instance Connect takes them, the metadata service shows them. */
export const keysOf = onePerLab((context) => new InstanceKeys(clockOf(context)));
