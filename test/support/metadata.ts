import { createServer, type Server } from 'node:http';
import { addressOf } from './address';

/** A stand-in for the instance metadata service, version 2: a token first, then the identity. */
export async function startMetadata(
  instanceId: string,
): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    if (request.method === 'PUT' && request.url === '/latest/api/token') response.end('token');
    else if (request.headers['x-aws-ec2-metadata-token'] !== 'token') response.writeHead(401).end();
    else if (request.url === '/latest/meta-data/instance-id') response.end(instanceId);
    else response.writeHead(404).end();
  });
  return { url: await addressOf(server), server };
}
