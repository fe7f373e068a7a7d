import { MigrationError } from '../../../../domain/errors.js';
import { Punched, Verified } from '../messages.js';
import type { Channel } from '../wire/channel.js';
import { FRAME } from '../wire/frame.js';
import { DigestList } from './digest.js';
import { chunkCount } from './geometry.js';
import { enterBatch } from './inventory.js';
import type { BlockPass } from './pass.js';

const MOST_RANGES = 1000;
const MOST_NAMED = 10;

/** Learns from the target what its file holds, until all is told. */
export const listenForInventory = (control: Channel, pass: BlockPass): Promise<void> =>
  readInventory(control, pass.theirs, pass, (upTo) => pass.learnedUpTo(upTo));

/** Has holes made where the source has zeros and the target had something. */
export async function punchAll(control: Channel, { toPunch }: BlockPass): Promise<void> {
  const ranges: [first: number, count: number][] = [];
  for (const index of toPunch.sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last !== undefined && last[0] + last[1] === index) last[1] += 1;
    else ranges.push([index, 1]);
  }
  for (let at = 0; at < ranges.length; at += MOST_RANGES) {
    await control.say({ kind: 'punch', ranges: ranges.slice(at, at + MOST_RANGES) });
    await control.hear(Punched);
  }
}

/** The target reads its file again from the disk; throws `VolumeDiffers` when that is not what was read here. */
export async function verifyTarget(control: Channel, pass: BlockPass): Promise<void> {
  const { own, volume, geometry } = pass;
  const onTarget = new DigestList(geometry);
  await control.say({ kind: 'verify' });
  await readInventory(control, onTarget, pass, () => undefined);
  const { digest } = await control.hear(Verified);
  if (digest === own.combined()) return;
  const offsets = differingChunks(own, onTarget, chunkCount(geometry)).map((index) => index * geometry.chunkBytes);
  const where = offsets.length === 0 ? 'its digest is not the one of its chunks' : `${offsets.length} of its chunks differ, the first at byte ${offsets[0]}`;
  throw new MigrationError('VolumeDiffers', `verify volume failed: ${volume}: read again on the target, ${where}`, {
    volume, offsetBytes: offsets[0], offsetsBytes: offsets.slice(0, MOST_NAMED), differingChunks: offsets.length, chunkBytes: geometry.chunkBytes, sentBytes: pass.sentBytes,
  });
}

const differingChunks = (a: DigestList, b: DigestList, chunks: number): readonly number[] =>
  [...Array(chunks).keys()].filter((index) => !a.get(index).equals(b.get(index)));

async function readInventory(control: Channel, list: DigestList, { volume, geometry }: BlockPass, learned: (upTo: number) => void): Promise<void> {
  const chunks = chunkCount(geometry);
  for (let upTo = -1; upTo < chunks;) {
    const frame = await control.receive();
    if (frame?.kind !== FRAME.digests) throw new MigrationError('TransportFailed', `copy volume failed: ${volume}: the target did not tell what it holds`);
    upTo = enterBatch(list, frame.head, chunks);
    learned(upTo);
  }
}
