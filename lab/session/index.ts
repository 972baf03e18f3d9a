/**
 * The far end of a Session Manager data channel: the service's WebSocket and the agent's handshake, port forwarding and
 * shell, for one session. What a real client of AWS connects to in the lab.
 */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Service } from './service';
import type { LabSession, LabSessionOptions } from './options';

export { Impairment } from './impairment';
export type { LabSession, LabSessionOptions, ShellProcess } from './options';

/**
 * Opens a session to connect to.
 *
 * @throws Error when the session type is unknown or needs a shell that is not given
 */
export async function openSession(options: LabSessionOptions): Promise<LabSession> {
  const server = createServer((_request, response) => response.writeHead(426).end());
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const service = new Service(options, server);
  const { port } = server.address() as AddressInfo;
  // Path and role as in AWS (amazon-ssm-agent, agent/session/config/config.go).
  const path = `/v1/data-channel/${encodeURIComponent(options.sessionId)}?role=publish_subscribe`;
  return {
    streamUrl: `ws://127.0.0.1:${port}${path}`,
    ended: service.ended,
    resume: () => service.newToken(),
    close: (message) => service.close(message ?? ''),
    cut: () => {
      service.cut();
    },
    vanish: () => {
      service.vanish();
    },
  };
}
