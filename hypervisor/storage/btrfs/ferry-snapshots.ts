import { readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MigrationError } from '../../../domain/errors.js';
import { deleteSubvolume, isSubvolume, subvolumeIds, type SubvolumeIds } from './subvolume.js';

/** One migration's snapshots lie beside its volumes; the name tells whose they are. */
export interface FerrySnapshot extends SubvolumeIds {
  readonly path: string;
  readonly name: string;
  readonly number: number;
}

export const FERRY_SNAPSHOT = /^__ferry_([0-9a-f]{12})_(\d{1,6})__$/;

export function ferrySnapshotName(short: string, number: number): string {
  const name = `__ferry_${short}_${number}__`;
  if (!FERRY_SNAPSHOT.test(name)) throw new MigrationError('Internal', `name snapshot failed: ${name}: twelve hexadecimal digits are expected`);
  return name;
}

/** Those in this folder (`images/<vmid>`), the latest last. */
export async function ferrySnapshots(folder: string, short: string): Promise<readonly FerrySnapshot[]> {
  const names = await readdir(folder).catch(() => []);
  const found = await Promise.all(names.map(async (name) => {
    const [, epoch, number] = FERRY_SNAPSHOT.exec(name) ?? [];
    const ids = epoch === short ? await subvolumeIds(join(folder, name)) : null;
    return ids === null ? [] : [{ ...ids, name, path: join(folder, name), number: Number(number) }];
  }));
  return found.flat().sort((a, b) => a.number - b.number);
}

/** The first number nobody took, whatever lies there. */
export async function nextSnapshotNumber(folder: string, short: string): Promise<number> {
  const taken = (await readdir(folder)).flatMap((name) => (FERRY_SNAPSHOT.exec(name)?.[1] === short ? [Number(FERRY_SNAPSHOT.exec(name)?.[2])] : []));
  return Math.max(0, ...taken) + 1;
}

/** Removes a migration's snapshots beside this volume, half-received ones too. Returns their names; again is no error. */
export async function removeFerrySnapshots(volumePath: string, short: string): Promise<readonly string[]> {
  const folder = dirname(volumePath);
  const names = (await readdir(folder).catch(() => [])).filter((name) => FERRY_SNAPSHOT.exec(name)?.[1] === short);
  const removed = [];
  for (const name of names) {
    if (!await isSubvolume(join(folder, name))) continue;
    await deleteSubvolume(join(folder, name));
    removed.push(name);
  }
  return removed.sort();
}
