import { createCipheriv, createHash } from 'node:crypto';
import { DIGEST_BYTES, chunkCount, chunkLength, type Geometry } from './geometry.js';

export type Digester = (bytes: Uint8Array) => Buffer;

/** One message per key is what a nonce is for; here the same bytes shall have the same tag. */
const NONCE = Buffer.alloc(12);

/**
 * The digest of a chunk: GMAC (NIST SP 800-38D) under the pass's key. A universal hash: two chunks that differ, whatever they are as
 * long as nobody knew the key when they were written, have the same one with a chance below 2^-110. About ten times as fast
 * as SHA-256 (docs/design/012), so it needs no thread of its own. It proves nothing to anybody who was told the key.
 */
export function createDigester({ hashKey }: Geometry): Digester {
  const key = Buffer.from(hashKey, 'hex');
  return (bytes) => {
    const mac = createCipheriv('aes-128-gcm', key, NONCE);
    mac.setAAD(bytes);
    mac.final();
    return mac.getAuthTag();
  };
}

/** Hashes, and knows how fast it was. */
export interface HashMeter {
  digest(bytes: Uint8Array): Buffer;
  /** 0: nothing was hashed. */
  bytesPerSecond(): number;
}

export function createHashMeter(digestOf: Digester): HashMeter {
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
    const ofZeros = (bytes: number): Buffer => createDigester(geometry)(Buffer.alloc(bytes));
    this.#zeros = [ofZeros(geometry.chunkBytes), ofZeros(chunks === 0 ? 0 : chunkLength(geometry, chunks - 1))];
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

  /** Of the whole file: the same content, in the same pass, has the same one, whatever of it are holes. SHA-256, hex. */
  combined(): string {
    const hash = createHash('sha256').update(`ferry blocks ${this.#geometry.sizeBytes} ${this.#geometry.chunkBytes}\n`);
    for (let index = 0; index < this.#known.length; index += 1) hash.update(this.get(index));
    return hash.digest('hex');
  }
}
