import { GetObjectCommand, ListObjectsV2Command, S3Client, S3ServiceException } from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';
import { readText } from '../../../jumpbox/storage/download';

const KEY = 'backups/app/20261122T030000000Z_i-0123456789abcdef0/manifest.json';
const s3 = mockClient(S3Client);
const read = (): Promise<string | undefined> => readText(new S3Client({ region: 'eu-west-1' }), 'b', KEY);

const refused = (name: string, httpStatusCode: number): S3ServiceException =>
  new S3ServiceException({ name, message: name, $fault: 'client', $metadata: { httpStatusCode } });

beforeEach(() => s3.reset());

test('404 means that there is no such object', async () => {
  s3.on(GetObjectCommand).rejects(refused('NoSuchKey', 404));
  expect(await read()).toBeUndefined();
});

test('403 means the same when the key is not listed, which is what S3 says to a box', async () => {
  s3.on(GetObjectCommand).rejects(refused('AccessDenied', 403));
  s3.on(ListObjectsV2Command, { Bucket: 'b', Prefix: KEY }).resolves({ Contents: [] });
  expect(await read()).toBeUndefined();
});

test('403 for a key that is listed is a refusal', async () => {
  s3.on(GetObjectCommand).rejects(refused('AccessDenied', 403));
  s3.on(ListObjectsV2Command).resolves({ Contents: [{ Key: KEY }] });
  await expect(read()).rejects.toThrow(/could not be read.*AccessDenied/s);
});

test('403 for both is a refusal', async () => {
  s3.on(GetObjectCommand).rejects(refused('AccessDenied', 403));
  s3.on(ListObjectsV2Command).rejects(refused('AccessDenied', 403));
  await expect(read()).rejects.toThrow(/AccessDenied/);
});
