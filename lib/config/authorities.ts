import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function checked(pem: string, path: string, position: number): string {
  try {
    return new X509Certificate(pem).toString().trim();
  } catch (error) {
    throw new Error(`certificate ${position} of ${path} cannot be read (${reasonOf(error)})`);
  }
}

function contentOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Error(`the file cannot be read (${reasonOf(error)})`);
  }
}

/**
 * Reads a PEM file of certificate authorities.
 *
 * @param path - relative to the working directory, which is that of cdk.json
 * @returns the certificates alone, normalised: whatever else the file holds goes no further
 * @throws Error saying what is wrong with the file
 */
export function readAuthorities(path: string): string {
  const file = resolve(path);
  const text = contentOf(file);
  if (text.includes('PRIVATE KEY-----'))
    throw new Error(`${file} holds a private key, which must stay secret`);
  const certificates = text.match(CERTIFICATE);
  if (certificates === null) throw new Error(`${file} holds no certificate in PEM form`);
  return `${certificates.map((pem, index) => checked(pem, file, index + 1)).join('\n')}\n`;
}
