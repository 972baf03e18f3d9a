import { GetObjectCommand } from '@aws-sdk/client-s3';
import { Encrypter } from 'age-encryption';
import { EXIT } from '../../contract/exit-codes';
import { type HandedKeys, headerOf, LONGEST_HEADER_BYTES, oneTimeKey } from '../../contract/handed-keys';
import type { Manifest, StoredObject } from '../../contract/manifest';
import { output, type Stack } from '../aws/stack';
import { Problem } from '../framework/problem';
import type { Catalog, Found } from './catalog';
import { readIdentities } from './identities';
import type { RunOnBox } from './on-box';

/** The header of an object alone: the version that the manifest names. */
async function readHeader(
  { s3, bucket }: Pick<Catalog, 's3' | 'bucket'>,
  { key, versionId }: StoredObject,
): Promise<Buffer> {
  const { Body } = await s3.send(
    new GetObjectCommand({
      Bucket: bucket,
      Key: key,
      VersionId: versionId,
      Range: `bytes=0-${String(LONGEST_HEADER_BYTES - 1)}`,
    }),
  );
  const header = headerOf(Buffer.from((await Body?.transformToByteArray()) ?? []));
  if (header !== undefined) return header;
  throw new Problem(
    EXIT.notProven,
    `${key} does not begin as a file of age does: it was altered.`,
    'Nothing was begun. Choose another backup.',
  );
}

/**
 * Takes the keys of an encrypted backup's objects out of their headers, here, with a secret key that goes nowhere.
 *
 * @throws Problem when no secret key is named, or none that opens it
 */
export async function keysOf(
  catalog: Pick<Catalog, 's3' | 'bucket'>,
  found: Found,
  manifest: Manifest,
  identityFile: string | undefined,
): Promise<HandedKeys> {
  if (identityFile === undefined)
    throw new Problem(
      EXIT.usage,
      `${found.id} is encrypted by age, and no box has a key to it.`,
      'Name the file of your secret key with --identity. It stays here: the box is handed the keys of this backup alone.',
    );
  const opener = await readIdentities(identityFile);
  const keys: HandedKeys = {};
  for (const object of [manifest.data, manifest.roles]) {
    const header = await readHeader(catalog, object);
    const key = await opener()
      .decryptHeader(header)
      .catch(() => {
        throw new Problem(
          EXIT.usage,
          `No key in ${identityFile} opens ${found.id}.`,
          `It is encrypted to ${manifest.encryption?.recipients.join(', ') ?? 'nobody'}. Nothing was begun.`,
        );
      });
    keys[object.key] = Buffer.from(key).toString('base64');
  }
  return keys;
}

/**
 * Hands keys to a box: it makes a key of its own for that, and they travel encrypted to it. What is recorded of the command tells
 * nobody anything.
 *
 * @returns the word for the box's program
 */
export async function handOver(
  run: RunOnBox,
  stack: Stack,
  { prefix }: Found,
  keys: HandedKeys,
): Promise<string> {
  const { recipient } = oneTimeKey.parse(
    await run({
      document: output(stack, 'oneTimeKeyDocument'),
      parameters: { prefix },
      title: 'Handing the keys of this backup to the box',
    }),
  );
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  return Buffer.from(await encrypter.encrypt(JSON.stringify(keys))).toString('base64');
}
