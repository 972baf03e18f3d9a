import PostalMime from 'postal-mime';
import { gunzipSync } from 'node:zlib';

/** One part of user data that cloud-init runs, in the order in which it stands. */
export interface UserDataPart {
  /** A boothook runs early, before the agent starts, at every boot; a script runs last, at the first boot only. */
  readonly kind: 'boothook' | 'script';
  readonly text: string;
}

/** User data that the lab's cloud-init cannot run. */
export class UnknownUserData extends Error {
  override readonly name = 'UnknownUserData';
}

const KNOWN =
  'The lab runs shell scripts (#!, text/x-shellscript) and boothooks (#cloud-boothook, text/cloud-boothook).';

const BOOTHOOK = '#cloud-boothook';

function partOf(mimeType: string, text: string): UserDataPart {
  const byType = { 'text/x-shellscript': 'script', 'text/cloud-boothook': 'boothook' } as const;
  const declared = Object.entries(byType).find(([type]) => type === mimeType)?.[1];
  const detected = text.startsWith(BOOTHOOK) ? 'boothook' : text.startsWith('#!') ? 'script' : undefined;
  const kind = mimeType === 'text/plain' ? detected : declared;
  if (kind === undefined) throw new UnknownUserData(`User data has a part of type ${mimeType}. ${KNOWN}`);
  // cloud-init takes its own marker off a boothook before it writes the file that it runs.
  return { kind, text: text.startsWith(BOOTHOOK) ? text.slice(BOOTHOOK.length).trimStart() : text };
}

const isGzip = (bytes: Buffer): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;

/**
 * Takes user data apart as cloud-init does: MIME multipart, one script or one boothook, any of them compressed by gzip.
 * Source: https://cloudinit.readthedocs.io/en/22.2.2/topics/format.html.
 *
 * @throws UnknownUserData for formats that the lab has no cloud-init module for
 */
export async function readUserData(raw: Buffer): Promise<UserDataPart[]> {
  const bytes = isGzip(raw) ? gunzipSync(raw) : raw;
  const text = bytes.toString();
  if (text.trim() === '') return [];
  if (!/^(content-type|mime-version):/i.test(text)) return [partOf('text/plain', text)];
  const message = await PostalMime.parse(bytes, { attachmentEncoding: 'utf8' });
  const plain = message.text === undefined ? [] : [partOf('text/plain', message.text)];
  const parts = message.attachments.map(({ mimeType, content }) =>
    partOf(mimeType, typeof content === 'string' ? content : new TextDecoder().decode(content)),
  );
  return [...plain, ...parts];
}
