import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SystemAccount } from './system-account';

const openssl = (args: readonly string[]): void => {
  execFileSync('openssl', [...args], { stdio: ['ignore', 'ignore', 'pipe'] });
};

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/**
 * Makes a certificate authority, and with it the certificate of a server in `data`. The authority's key is thrown away.
 *
 * @param names - DNS names of the server; the loopback addresses are added
 * @returns the PEM file of the authority
 */
export function makeAuthority(
  directory: string,
  data: string,
  names: readonly string[],
  account: SystemAccount,
): string {
  const caFile = join(directory, 'ca.pem');
  const caKey = join(directory, 'ca.key');
  const request = join(directory, 'server.csr');
  const extensions = join(directory, 'server.ext');
  const [certificate, key] = [join(data, 'server.crt'), join(data, 'server.key')];
  const ca = [
    '-addext',
    'basicConstraints=critical,CA:TRUE',
    '-addext',
    'keyUsage=critical,keyCertSign,cRLSign',
  ];
  openssl([
    'req',
    '-x509',
    ...NEW_KEY,
    '-keyout',
    caKey,
    '-out',
    caFile,
    '-days',
    '3650',
    '-subj',
    '/CN=Lab database CA',
    ...ca,
  ]);
  openssl(['req', ...NEW_KEY, '-keyout', key, '-out', request, '-subj', '/CN=lab-database']);
  const san = [...names.map((name) => `DNS:${name}`), 'IP:127.0.0.1', 'IP:::1'].join(',');
  writeFileSync(
    extensions,
    `subjectAltName=${san}\nbasicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n`,
  );
  openssl([
    'x509',
    '-req',
    '-in',
    request,
    '-CA',
    caFile,
    '-CAkey',
    caKey,
    '-CAcreateserial',
    '-out',
    certificate,
    '-days',
    '3650',
    '-extfile',
    extensions,
  ]);
  for (const path of [caKey, request, extensions]) rmSync(path);
  rmSync(join(directory, 'ca.srl'), { force: true });
  chmodSync(caFile, 0o644);
  chmodSync(key, 0o600);
  for (const path of [certificate, key]) chownSync(path, account.uid, account.gid);
  return caFile;
}
