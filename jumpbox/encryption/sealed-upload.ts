import { createHash } from 'node:crypto';
import type { Compressed, Stored, Target } from '../backup/stream';
import type { Turner } from './payload';

/** Encrypts on the way to another target, and hashes what comes in. */
export class SealedUpload implements Target {
  private readonly hash = createHash('sha256');
  private bytes = 0;

  constructor(
    private readonly target: Target,
    private readonly seal: Turner,
  ) {}

  get key(): string {
    return this.target.key;
  }

  get storedBytes(): number {
    return this.target.storedBytes;
  }

  take(chunk: Buffer): Promise<void> | undefined {
    this.hash.update(chunk);
    this.bytes += chunk.length;
    return this.target.take(this.seal.take(chunk));
  }

  async finishParts(): Promise<Stored & Compressed> {
    await this.target.take(this.seal.finish());
    const stored = await this.target.finishParts();
    return { ...stored, compressedBytes: this.bytes, compressedSha256: this.hash.digest('hex') };
  }
}
