import { CHUNK_BYTES } from '../../contract/intake';

/** Cuts content into chunks of {@link CHUNK_BYTES}; the last one is shorter. */
export async function* chunksOf(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let held = 0;
  for await (const piece of content) {
    let rest = piece;
    while (held + rest.length >= CHUNK_BYTES) {
      const fits = rest.subarray(0, CHUNK_BYTES - held);
      yield Buffer.concat([...parts, fits]);
      parts = [];
      held = 0;
      rest = rest.subarray(fits.length);
    }
    // Copied: readers use their buffers again.
    if (rest.length > 0) parts.push(Buffer.from(rest));
    held += rest.length;
  }
  if (held > 0) yield parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts);
}
