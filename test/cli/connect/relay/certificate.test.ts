import { X509Certificate } from 'node:crypto';
import { loopbackCertificate } from '../../../../cli/connect/relay/certificate';

test('it names this machine, signs itself, and is another one every time', () => {
  const now = new Date('2026-11-22T10:00:00.500Z');
  const made = loopbackCertificate(now);
  const read = new X509Certificate(made.certificate);
  expect(read.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
  expect(read.checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(read.checkHost('localhost')).toBe('localhost');
  expect(read.checkHost('db.example')).toBeUndefined();
  expect(read.verify(read.publicKey)).toBe(true);
  expect(read.checkIssued(read)).toBe(true);
  expect(read.ca).toBe(false);
  expect(read.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  expect(new Date(read.validFrom)).toEqual(new Date('2026-11-21T10:00:00Z'));
  expect(new Date(read.validTo)).toEqual(new Date('2026-12-22T10:00:00Z'));
  const other = loopbackCertificate(now);
  expect(new X509Certificate(other.certificate).serialNumber).not.toBe(read.serialNumber);
  expect(read.verify(new X509Certificate(other.certificate).publicKey)).toBe(false);
});
