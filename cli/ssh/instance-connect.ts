import { execFileSync } from 'node:child_process';
import { EC2InstanceConnectClient, SendSSHPublicKeyCommand } from '@aws-sdk/client-ec2-instance-connect';
import { EXIT } from '../../contract/exit-codes';
import { clientSettings } from '../aws/settings';
import type { Context } from '../framework/command';
import { Problem } from '../framework/problem';

/**
 * Makes a key pair: the private half at `path`, the public one beside it with `.pub`.
 *
 * @throws Problem when OpenSSH is not installed, or the path is taken
 */
export function makeKey(path: string, comment: string): void {
  try {
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', comment, '-f', path], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
  } catch (error) {
    throw new Problem(
      EXIT.wrongTools,
      `ssh-keygen cannot make a key: ${error instanceof Error ? error.message : String(error)}`,
      'Install the OpenSSH client.',
    );
  }
}

/** Puts a public key on an instance, where `user` may come in with it for 60 seconds. */
export async function sendPublicKey(
  context: Context,
  instanceId: string,
  user: string,
  publicKey: string,
): Promise<void> {
  const client = new EC2InstanceConnectClient(clientSettings(context));
  try {
    await client.send(
      new SendSSHPublicKeyCommand({
        InstanceId: instanceId,
        InstanceOSUser: user,
        SSHPublicKey: publicKey,
      }),
    );
  } finally {
    client.destroy();
  }
}
