import { createHash } from 'node:crypto';
import { DIGEST_BYTES, chunkCount, chunkLength, type Geometry } from './geometry.js';

/**
 * SHA-256, on the main thread: with the processor's SHA instructions faster than most disks, and than blake2b. WebCrypto's,
 * in the thread pool, copies every chunk on the main thread first, which takes about as long (docs/design/012).
 */
export const digestOf = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest();

/** Hashes, and knows how fast it was. */
export interface HashMeter {
  digest(bytes: Uint8Array): Buffer;
  /** 0: nothing was hashed. */
  bytesPerSecond(): number;
}

export function createHashMeter(): HashMeter {
  let hashedBytes = 0;
  let busyMs = 0;
  return {
    digest(bytes) {
      const beganAtMs = performance.now();
      const digest = digestOf(bytes);
      busyMs += performance.now() - beganAtMs;
      hashedBytes += bytes.length;
      return digest;
    },
    bytesPerSecond: () => (busyMs === 0 ? 0 : Math.round((hashedBytes / busyMs) * 1000)),
  };
}

/** One digest per chunk of a file; a chunk nobody entered is taken for a hole. */
export class DigestList {
  readonly #geometry: Geometry;
  readonly #digests: Buffer;
  readonly #known: Uint8Array;
  readonly #zeros: readonly [full: Buffer, last: Buffer];

  constructor(geometry: Geometry) {
    const chunks = chunkCount(geometry);
    this.#geometry = geometry;
    this.#digests = Buffer.alloc(chunks * DIGEST_BYTES);
    this.#known = new Uint8Array(chunks);
    this.#zeros = [zeroDigest(geometry.chunkBytes), zeroDigest(chunks === 0 ? 0 : chunkLength(geometry, chunks - 1))];
  }

  set(index: number, digest: Buffer): void {
    digest.copy(this.#digests, index * DIGEST_BYTES, 0, DIGEST_BYTES);
    this.#known[index] = 1;
  }

  /** null: a hole. */
  entered(index: number): Buffer | null {
    return this.#known[index] === 1 ? this.#digests.subarray(index * DIGEST_BYTES, (index + 1) * DIGEST_BYTES) : null;
  }

  get(index: number): Buffer {
    return this.entered(index) ?? this.zero(index);
  }

  /** Of a chunk's length of zeros. */
  zero(index: number): Buffer {
    return this.#zeros[index === this.#known.length - 1 ? 1 : 0];
  }

  /** Of the whole file: the same content, cut the same way, has the same one, whatever of it are holes. Hex. */
  combined(): string {
    const hash = createHash('sha256').update(`ferry blocks ${this.#geometry.sizeBytes} ${this.#geometry.chunkBytes}\n`);
    for (let index = 0; index < this.#known.length; index += 1) hash.update(this.get(index));
    return hash.digest('hex');
  }
}

const zeroDigest = (bytes: number): Buffer => createHash('sha256').update(Buffer.alloc(bytes)).digest();
