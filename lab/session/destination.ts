import { lookup } from 'node:dns/promises';
import { BlockList, connect, isIPv6, type Socket } from 'node:net';
import { textOf } from '../../cli/session/wire/json';
import type { LabSessionOptions } from './options';

/**
 * Where no agent forwards to: instance metadata, the VPC's resolver, time and license services, and containers' metadata.
 * Source: amazon-ssm-agent, agent/appconfig/constants.go (DefaultDeniedPortForwardingRemoteIPs).
 */
const DENIED = new BlockList();
for (const address of ['254', '253', '123', '250', '251']) DENIED.addAddress(`169.254.169.${address}`);
for (const address of ['254', '253', '123', '240']) DENIED.addAddress(`fd00:ec2::${address}`, 'ipv6');
// The container credentials' address; a lab that has link-local addresses has nothing else behind them either.
DENIED.addSubnet('169.254.0.0', 16);
DENIED.addSubnet('fe80::', 10, 'ipv6');

/** What the document's properties do not allow; the text goes to the client. */
export class PortRefused extends Error {
  override readonly name = 'PortRefused';
}

/** The host and port of a Port session, checked as the agent does. */
export interface Destination {
  /** For messages: `localhost:5432`. */
  readonly name: string;
  connect(): Socket;
}

/**
 * Reads the properties of a Port session. Rules: amazon-ssm-agent, agent/session/plugins/port/port.go, validateParameters.
 *
 * @throws PortRefused
 */
export async function destinationOf(options: LabSessionOptions): Promise<Destination> {
  const port = textOf(options.properties.portNumber);
  const host = textOf(options.properties.host);
  if (!/^\d{1,5}$/.test(port) || Number(port) < 1 || Number(port) > 65_535)
    throw new PortRefused(`Port number "${port}" in the session properties is no port.`);
  await checkAllowed(host);
  const target = host === '' ? 'localhost' : host;
  return {
    name: `${target}:${port}`,
    connect: () => options.dial?.(target, Number(port)) ?? connect({ host: target, port: Number(port) }),
  };
}

async function checkAllowed(host: string): Promise<void> {
  if (host === '') return;
  // A name that does not resolve is refused when it is dialled, as in the agent.
  const addresses = await lookup(host, { all: true }).catch(() => []);
  if (addresses.some(({ address }) => DENIED.check(address, isIPv6(address) ? 'ipv6' : 'ipv4')))
    throw new PortRefused(`Forwarding to IP address ${host} is forbidden.`);
}
