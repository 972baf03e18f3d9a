import { AwsFault } from '../endpoint/fault';
import type { AwsReply } from '../endpoint/extension';
import type { Flat } from './launch-parameters';

interface Use {
  readonly parameters: string;
  readonly reservation: Promise<Launched>;
}

/** What a launch came to. */
export interface Launched {
  readonly reply: AwsReply;
  readonly instanceIds: readonly string[];
}

/**
 * Idempotency of RunInstances, as measured by others: a failed call does not use the token up; the same token with the same
 * parameters gives the same instance, even after it was terminated; with other parameters it is refused; a token counts
 * per Availability Zone when a subnet is given.
 * Source: https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-idempotency.html and
 * https://github.com/sloper-ai/cucina/blob/main/docs/adr/0520-ec2-launch-runinstances-single-client-token.md.
 */
export class ClientTokens {
  private readonly uses = new Map<string, Use>();

  /**
   * Launches once per token.
   *
   * @param scope - region, and Availability Zone where a subnet decides it
   * @param launch - called for the first use only
   * @returns what was launched, and whether it was by an earlier call
   * @throws AwsFault `IdempotentParameterMismatch`
   */
  async once(
    scope: string,
    request: Flat,
    launch: () => Promise<Launched>,
  ): Promise<Launched & { readonly again: boolean }> {
    const { ClientToken: token, ...rest } = request;
    if (token === undefined) return { ...(await launch()), again: false };
    const parameters = JSON.stringify(Object.entries(rest).sort(([one], [other]) => (one < other ? -1 : 1)));
    const key = `${scope}/${token}`;
    const earlier = this.uses.get(key);
    if (earlier !== undefined) {
      if (earlier.parameters !== parameters) {
        throw new AwsFault(
          'IdempotentParameterMismatch',
          'The client token you have provided is associated with a resource launched with different parameters.',
        );
      }
      return { ...(await earlier.reservation), again: true };
    }
    const reservation = launch();
    this.uses.set(key, { parameters, reservation });
    try {
      return { ...(await reservation), again: false };
    } catch (error) {
      this.uses.delete(key);
      throw error;
    }
  }
}
