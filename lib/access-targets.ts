import * as ec2 from 'aws-cdk-lib/aws-ec2';
import type { IConstruct } from 'constructs';

/** One entry of the setting `accessTargets`. */
export interface AccessTarget {
  /** `10.0.0.0/8`, `fd00::/8` or `sg-…`. */
  readonly peer: string;
  readonly port: number;
}

/** Reads entries that the setting's schema has let through. */
export function accessTargets(entries: readonly string[]): AccessTarget[] {
  return entries.map((entry) => {
    const colon = entry.lastIndexOf(':');
    return { peer: entry.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(entry.slice(colon + 1)) };
  });
}

function peerOf({ peer }: AccessTarget): ec2.IPeer {
  if (peer.startsWith('sg-')) return ec2.Peer.securityGroupId(peer);
  return peer.includes(':') ? ec2.Peer.ipv6(peer) : ec2.Peer.ipv4(peer);
}

/** Opens the way out to the targets. Letting it in is their owner's. */
export function allowTargets(from: ec2.IConnectable & IConstruct, targets: readonly AccessTarget[]): void {
  for (const target of targets)
    from.connections.allowTo(peerOf(target), ec2.Port.tcp(target.port), `accessTargets: ${target.peer}`);
}
