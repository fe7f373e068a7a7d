import { stat } from 'node:fs/promises';
import type { VolumeFacts } from '../../domain/contracts/facts.js';
import type { Volid } from '../../domain/ids.js';
import { runOk } from '../exec.js';
import { imageInfo } from '../storage/image-info.js';

/** A large directory takes as long as walking it. */
const COUNT_TIMEOUT_MS = 60_000;

/** Where a volume is, by the node's storages. */
export type FindVolume = (volid: Volid) => { readonly path: string; readonly format: string };

/** What is there of these volumes; one that is not is left out. */
export async function volumeFacts(volids: readonly Volid[], find: FindVolume, qemuImg: string): Promise<readonly VolumeFacts[]> {
  return (await Promise.all(volids.map((volid) => oneVolume(volid, find, qemuImg).catch(() => [])))).flat();
}

async function oneVolume(volid: Volid, find: FindVolume, qemuImg: string): Promise<VolumeFacts[]> {
  const { path, format } = find(volid);
  if (format === 'subvol') {
    if (!(await stat(path)).isDirectory()) return [];
    const usedBytes = Number((await runOk('du', ['-s', '-B1', '--', path], { timeoutMs: COUNT_TIMEOUT_MS })).split('\t')[0]);
    return [{ volid, path, format, sizeBytes: 0, usedBytes, snapshots: [], backingFile: null }];
  }
  if (format !== 'raw' && format !== 'qcow2') return [];
  const { virtualSizeBytes, allocatedBytes, snapshots, backingFile } = await imageInfo(path, format, qemuImg);
  return [{ volid, path, format, sizeBytes: virtualSizeBytes, usedBytes: allocatedBytes, snapshots, backingFile }];
}
