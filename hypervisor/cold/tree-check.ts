import { readFile, writeFile } from 'node:fs/promises';
import type { Duplex } from 'node:stream';
import { MigrationError } from '../../domain/errors.js';
import type { Volid } from '../../domain/ids.js';
import { hashTree } from '../storage/copy/tree/hash-tree.js';
import { combinedDigest, compareManifests, type Difference, type ManifestEntry, type TreeManifest } from '../storage/copy/tree/manifest.js';
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

const MOST_NAMED = 5;

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

  /** Reads both trees. What differs now may be what the container writes. */
  async prepare(dial: () => Promise<Duplex>, signal: AbortSignal): Promise<void> {
    const { dir, volid } = this.#input;
    const [ours, received] = await Promise.all([hashTree(dir, { previous: this.#ours, signal }), askForTree({ dial, volume: volid, signal })]);
    this.#ours = ours;
    this.#received = received;
  }

  /** After the last pass. `changed`: the paths it touched; null: too many to name. Returns the digest of what the target has. */
  async seal(dial: () => Promise<Duplex>, changed: readonly string[] | null, signal: AbortSignal): Promise<string> {
    const { volid } = this.#input;
    const before = this.#received;
    if (before === null || changed === null) this.#received = await askForTree({ dial, volume: volid, signal });
    else if (changed.length > 0) this.#received = { ...before, entries: merged(before.entries, changed, (await askForTree({ dial, volume: volid, paths: changed, signal })).entries) };
    this.#final = true;
    return combinedDigest(this.#received?.entries ?? new Map<string, ManifestEntry>());
  }

  /** Nobody waits for it. */
  async remember(): Promise<void> {
    if (this.#received === null || !this.#final) return;
    const { withXattrs, entries } = this.#received;
    await writeFile(this.#input.file, JSON.stringify({ withXattrs, entries: [...entries] }), { mode: 0o600 });
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
    if (text === null) return null;
    const { withXattrs, entries } = JSON.parse(text) as { withXattrs: boolean; entries: [string, ManifestEntry][] };
    return { withXattrs, entries: new Map(entries) };
  }
}

/** Of a path that was read alone neither its xattrs nor its other names are known. */
function merged(before: ReadonlyMap<string, ManifestEntry>, changed: readonly string[], now: ReadonlyMap<string, ManifestEntry>): ReadonlyMap<string, ManifestEntry> {
  const entries = new Map(before);
  for (const path of changed) {
    const entry = now.get(path);
    const known = before.get(path);
    if (entry === undefined) for (const gone of [...entries.keys()].filter((name) => name === path || name.startsWith(`${path}/`))) entries.delete(gone);
    else entries.set(path, { ...entry, ...(known?.hardLinkOf === undefined ? {} : { hardLinkOf: known.hardLinkOf }), xattrs: UNKNOWN });
  }
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

const UNKNOWN = 'unknown';

/** xattrs that were not read, and names that a changed file got or lost, are no differences of content. */
const isReal = ({ what }: Difference): boolean => what.some((difference) => difference !== 'xattrs' && difference !== 'hard link');
