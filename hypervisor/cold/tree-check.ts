import { readFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import writeFileAtomic from 'write-file-atomic';
import { z } from 'zod';
import { MigrationError } from '../../domain/errors.js';
import type { Volid } from '../../domain/ids.js';
import { hashTree } from '../storage/copy/tree/hash-tree.js';
import { combinedDigest, compareManifests, type Difference, type ManifestEntry, type TreeManifest } from '../storage/copy/tree/manifest.js';
import { afterRenames, withRead, type TreeChanges } from '../storage/copy/tree/changes.js';
import { askForTree } from '../storage/copy/tree/verify-tree.js';

export interface TreeCheckInput {
  readonly volid: Volid;
  /** The tree here. */
  readonly dir: string;
  /** Where what the target received is remembered, for an agent that comes after this one. */
  readonly file: string;
}

interface Received {
  readonly withXattrs: boolean;
  readonly entries: ReadonlyMap<string, ManifestEntry>;
}

/** A tree that nobody writes to, read in place of the container's own on both nodes. */
export interface Frozen {
  readonly dir: string;
  /** As the target calls it. */
  readonly snapshot: string;
}

const MOST_NAMED = 5;
/** Reading more of them one by one takes longer than walking the tree. */
const MOST_PATHS = 1000;

/**
 * Proves that a container's tree arrived, without the container having to wait for it: both trees are read while it still runs; after
 * the last pass only what that changed is read on the target, before the container starts there; the source's tree, which nobody
 * writes any more, is read and compared when the container runs again, before anything is freed.
 */
export class TreeCheck {
  readonly #input: TreeCheckInput;
  #ours: TreeManifest | undefined;
  #received: Received | null = null;
  #final = false;

  constructor(input: TreeCheckInput) {
    this.#input = input;
  }

  /** Reads both trees. What differs now may be what the container writes, unless they are `frozen`. */
  async prepare(dial: () => Promise<Duplex>, signal: AbortSignal, frozen?: Frozen): Promise<void> {
    const { dir, volid } = this.#input;
    const [ours, received] = await Promise.all([
      hashTree(frozen?.dir ?? dir, { previous: this.#ours, signal }), askForTree({ dial, volume: volid, snapshot: frozen?.snapshot, signal }),
    ]);
    this.#ours = ours;
    this.#received = received;
  }

  /** After the last pass. `changes`: what it did; null: too much to name. Returns the digest of what the target has. */
  async seal(dial: () => Promise<Duplex>, changes: TreeChanges | null, signal: AbortSignal): Promise<string> {
    const { volid } = this.#input;
    const before = this.#received;
    const known = before === null || changes === null ? null : afterRenames(before.entries, changes);
    if (before === null || known === null || known.toRead.length > MOST_PATHS) this.#received = await askForTree({ dial, volume: volid, signal });
    else if (known.toRead.length > 0) {
      const now = await askForTree({ dial, volume: volid, paths: known.toRead, signal });
      this.#received = { ...before, entries: withRead(known.entries, known.toRead, now.entries) };
    }
    this.#final = true;
    return combinedDigest(this.#received?.entries ?? new Map<string, ManifestEntry>());
  }

  /** All of it or nothing, for an agent that dies. A node that loses its power may lose it: then the volumes are kept. */
  async remember(): Promise<void> {
    if (this.#received === null || !this.#final) return;
    const { withXattrs, entries } = this.#received;
    await writeFileAtomic(this.#input.file, JSON.stringify({ withXattrs, entries: [...entries] }), { mode: 0o600, fsync: false });
  }

  /** Throws `VolumeDiffers`, naming the first paths, or saying that it can't be told any more. */
  async verify(): Promise<void> {
    const { volid, dir } = this.#input;
    const received = this.#final && this.#received !== null ? this.#received : await this.#recalled();
    if (received === null) throw new MigrationError('VolumeDiffers', `verify volume failed: ${volid}: the agent was restarted before it could note what the target has received`);
    const ours = await hashTree(dir, { previous: this.#ours });
    const differences = compareManifests(ours, received).filter(isReal);
    if (differences.length === 0) return;
    const named = differences.slice(0, MOST_NAMED).map(({ path, what }) => `${path} (${what.join(', ')})`).join('; ');
    throw new MigrationError('VolumeDiffers', `verify volume failed: ${volid}: ${differences.length} of its paths differ on the target: ${named}`, { volid });
  }

  async #recalled(): Promise<Received | null> {
    const text = await readFile(this.#input.file, 'utf8').catch(() => null);
    const parsed = receivedFile.safeParse(text);
    if (!parsed.success) return null;
    return { withXattrs: parsed.data.withXattrs, entries: new Map(parsed.data.entries) };
  }
}

const receivedFile = z.string().transform((text, context) => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    context.addIssue('no JSON');
    return z.NEVER;
  }
}).pipe(z.object({ withXattrs: z.boolean(), entries: z.array(z.tuple([z.string(), z.custom<ManifestEntry>((entry) => typeof entry === 'object' && entry !== null && 'type' in entry)])) }));

/** xattrs that were not read, and names that a changed file got or lost, are no differences of content. */
const isReal = ({ what }: Difference): boolean => what.some((difference) => difference !== 'xattrs' && difference !== 'hard link');
