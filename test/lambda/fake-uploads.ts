import {
  AbortMultipartUploadCommand,
  type AbortMultipartUploadCommandInput,
  ListMultipartUploadsCommand,
  type ListMultipartUploadsCommandInput,
  S3Client,
} from '@aws-sdk/client-s3';
import { mockClient } from 'aws-sdk-client-mock';

/** The open multipart uploads of a bucket. */
export class FakeUploads {
  readonly client = new S3Client({ region: 'eu-central-1' });
  /** Upload id → key. */
  readonly open = new Map<string, string>();
  /** Called before a page is listed. */
  onList: () => void = () => undefined;
  /** Throws what aborting this upload meets. */
  onAbort: (uploadId: string) => void = () => undefined;
  pageSize = 1000;

  constructor(private readonly bucket: string) {
    const mock = mockClient(this.client);
    mock
      .on(ListMultipartUploadsCommand)
      .callsFake((input: ListMultipartUploadsCommandInput) => this.list(input));
    mock
      .on(AbortMultipartUploadCommand)
      .callsFake(({ Bucket, Key, UploadId = '' }: AbortMultipartUploadCommandInput) => {
        this.onAbort(UploadId);
        if (Bucket !== this.bucket || this.open.get(UploadId) !== Key) throw new Error('wrong upload');
        this.open.delete(UploadId);
        return {};
      });
  }

  private list({
    Bucket,
    Prefix = '',
    KeyMarker = '',
    UploadIdMarker = '',
  }: ListMultipartUploadsCommandInput) {
    this.onList();
    if (Bucket !== this.bucket) throw new Error(`wrong bucket ${String(Bucket)}`);
    const order = (key: string, id: string): string => `${key}\u0000${id}`;
    const after = KeyMarker === '' ? '' : order(KeyMarker, UploadIdMarker);
    const all = [...this.open]
      .filter(([id, key]) => key.startsWith(Prefix) && order(key, id) > after)
      .sort(([a, keyA], [b, keyB]) => (order(keyA, a) < order(keyB, b) ? -1 : 1));
    const page = all.slice(0, this.pageSize);
    const [lastId, lastKey] = page.at(-1) ?? [];
    return {
      Uploads: page.map(([UploadId, Key]) => ({ UploadId, Key })),
      IsTruncated: all.length > page.length,
      NextKeyMarker: lastKey,
      NextUploadIdMarker: lastId,
    };
  }
}
