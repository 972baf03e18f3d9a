import { GetSecretValueCommand } from '@aws-sdk/client-secrets-manager';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import type { Clients } from './clients';
import { isList, isObject, TemplateError, textOf, type Json } from './values';

const REFERENCE = /\{\{resolve:(ssm|ssm-secure|secretsmanager):([^{}]+)\}\}/;

async function secret(rest: string, clients: Clients): Promise<string> {
  const arn = /^(arn:[^:]+:secretsmanager:[^:]+:[^:]+:secret:[^:]+)(?::(.*))?$/.exec(rest);
  const id = arn?.[1] ?? rest.split(':')[0] ?? '';
  const [kind = 'SecretString', key = '', stage = '', version = ''] = (
    arn === null ? rest.split(':').slice(1).join(':') : (arn[2] ?? '')
  ).split(':');
  if (kind !== '' && kind !== 'SecretString')
    throw new TemplateError(`{{resolve:secretsmanager:${rest}}}: unknown kind ${kind}.`);
  const answer = await clients.secrets.send(
    new GetSecretValueCommand({
      SecretId: id,
      ...(stage === '' ? {} : { VersionStage: stage }),
      ...(version === '' ? {} : { VersionId: version }),
    }),
  );
  const text = answer.SecretString ?? '';
  if (key === '') return text;
  const parsed: unknown = JSON.parse(text);
  const value = isObject(parsed) ? parsed[key] : undefined;
  if (value === undefined)
    throw new TemplateError(`Could not find a value associated with JSONKey ${key} in ${id}.`);
  return textOf(value, key);
}

async function parameter(rest: string, secure: boolean, clients: Clients): Promise<string> {
  const answer = await clients.ssm.send(new GetParameterCommand({ Name: rest, WithDecryption: secure }));
  return textOf(answer.Parameter?.Value, rest);
}

async function resolveText(text: string, clients: Clients): Promise<string> {
  let result = text;
  for (;;) {
    const found = REFERENCE.exec(result);
    if (found === null) return result;
    const [whole, service, rest = ''] = found;
    const value =
      service === 'secretsmanager'
        ? await secret(rest, clients)
        : await parameter(rest, service === 'ssm-secure', clients);
    result = result.replace(whole, () => value);
  }
}

/**
 * Replaces dynamic references (`{{resolve:ssm:…}}`, `{{resolve:secretsmanager:…}}`) by what they name.
 * Source: https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html
 */
export async function resolveDynamic(value: Json, clients: Clients): Promise<Json> {
  if (typeof value === 'string') return REFERENCE.test(value) ? resolveText(value, clients) : value;
  if (isList(value)) return Promise.all(value.map((item) => resolveDynamic(item, clients)));
  if (!isObject(value)) return value;
  const entries = Object.entries(value).map(
    async ([key, inner]) => [key, await resolveDynamic(inner, clients)] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
