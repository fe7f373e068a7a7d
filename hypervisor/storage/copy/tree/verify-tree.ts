import type { Duplex } from 'node:stream';
import { Readable, Writable } from 'node:stream';
import { MigrationError } from '../../../../domain/errors.js';
import type { Volid } from '../../../../domain/ids.js';
import { Go, TreeHashed, type OpeningOf } from '../messages.js';
import { Channel } from '../wire/channel.js';
import { drain, pump } from '../wire/pipe.js';
import { hashTree } from './hash-tree.js';
import { hashPaths } from './hash-paths.js';
import { combinedDigest, compareManifests, type ManifestEntry, type TreeManifest } from './manifest.js';
import { requireDirectory } from './serve-tree.js';

export interface VerifyTreeInput {
  dial(): Promise<Duplex>;
  readonly volume: Volid;
  readonly dir: string;
  /** As the last `verifyTree` of this volume returned it. */
  readonly previous?: TreeManifest;
  readonly silenceMs?: number;
  readonly signal?: AbortSignal;
}

const MOST_NAMED = 5;

/**
 * Reads both trees, each on its node, and compares. Returns this side's manifest: given back as `previous`, and while the
 * target's server lives, the next time only what changed is read. Throws `VolumeDiffers` naming the first paths.
 */
export async function verifyTree({ dial, volume, dir, previous, silenceMs, signal }: VerifyTreeInput): Promise<TreeManifest> {
  const channel = new Channel(await dial(), { subject: `verify tree ${volume}`, silenceMs, signal });
  try {
    await channel.say({ kind: 'tree-verify', volume });
    await channel.hear(Go);
    const [ours, { digest, withXattrs, theirs }] = await Promise.all([hashTree(dir, { previous, signal }), hearManifest(channel)]);
    if (digest === ours.digest) return ours;
    const differences = compareManifests(ours, { entries: theirs, withXattrs });
    if (differences.length === 0) return ours;
    const named = differences.slice(0, MOST_NAMED).map(({ path, what }) => `${path} (${what.join(', ')})`).join('; ');
    throw new MigrationError('VolumeDiffers', `verify tree failed: ${volume}: ${differences.length} of its paths differ on the target: ${named}`, { volume, differences: differences.slice(0, 100) });
  } finally {
    await channel.close();
  }
}

/** The target's side. `known`: its manifests of before. */
export async function serveTreeVerification(channel: Channel, { volume, paths }: OpeningOf<'tree-verify'>, dir: string, known: Map<Volid, TreeManifest>): Promise<void> {
  await requireDirectory(volume, dir);
  await channel.say({ kind: 'go' });
  if (paths !== undefined) {
    const entries = await hashPaths(dir, paths);
    await channel.say({ kind: 'tree-hashed', digest: combinedDigest(entries), withXattrs: false });
    await pump(Readable.from(linesOf(entries), { objectMode: false }), channel);
    return;
  }
  const manifest = await hashTree(dir, { previous: known.get(volume) });
  known.set(volume, manifest);
  await channel.say({ kind: 'tree-hashed', digest: manifest.digest, withXattrs: manifest.withXattrs });
  await pump(Readable.from(linesOf(manifest.entries), { objectMode: false }), channel);
}

export interface AskForTree extends Omit<VerifyTreeInput, 'dir' | 'previous'> {
  readonly paths?: readonly string[];
  /** Not the volume itself, but what was received under this name. */
  readonly snapshot?: string | undefined;
}

/** What the target has now: everything, or only these paths. */
export async function askForTree({ dial, volume, paths, snapshot, silenceMs, signal }: AskForTree): Promise<{ readonly withXattrs: boolean; readonly entries: ReadonlyMap<string, ManifestEntry> }> {
  const channel = new Channel(await dial(), { subject: `look at tree ${volume}`, silenceMs, signal });
  try {
    await channel.say({ kind: 'tree-verify', volume, ...(paths === undefined ? {} : { paths: [...paths] }), ...(snapshot === undefined ? {} : { snapshot }) });
    await channel.hear(Go);
    const { withXattrs, theirs } = await hearManifest(channel);
    return { withXattrs, entries: theirs };
  } finally {
    await channel.close();
  }
}

async function hearManifest(channel: Channel): Promise<{ readonly digest: string; readonly withXattrs: boolean; readonly theirs: ReadonlyMap<string, ManifestEntry> }> {
  const hashed = await channel.hear(TreeHashed);
  const pieces: Buffer[] = [];
  await drain(channel, new Writable({ write(piece: Buffer, _encoding, done) { pieces.push(piece); done(); } }));
  const lines = Buffer.concat(pieces).toString('utf8').split('\n').slice(0, -1);
  return { ...hashed, theirs: new Map(lines.map((line) => JSON.parse(line) as [string, ManifestEntry])) };
}

function* linesOf(entries: ReadonlyMap<string, ManifestEntry>): Generator<Buffer> {
  let text = '';
  for (const entry of entries) {
    text += `${JSON.stringify(entry)}\n`;
    if (text.length < 65_536) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}
