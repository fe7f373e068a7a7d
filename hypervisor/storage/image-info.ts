import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { MigrationError, messageOf } from '../../domain/errors.js';
import { runOk } from '../exec.js';

export interface ImageInfo {
  readonly format: string;
  readonly virtualSizeBytes: number;
  readonly allocatedBytes: number;
  /** Internal snapshots by name. */
  readonly snapshots: readonly string[];
  readonly backingFile: string | null;
}

/**
 * What an image is, also while a QEMU has it open. The format is never guessed: a guest can write anything into its raw
 * disk, the header of another format too. Throws `StorageUnavailable`.
 */
export async function imageInfo(path: string, format: string, qemuImg = 'qemu-img'): Promise<ImageInfo> {
  try {
    return format === 'raw' ? await rawInfo(path, qemuImg) : await otherInfo(path, format, qemuImg);
  } catch (error) {
    throw new MigrationError('StorageUnavailable', `inspect image failed: ${path}: ${messageOf(error)}`, { path, format }, error);
  }
}

/** A raw file is what the file system says: no process needed. */
async function rawInfo(path: string, qemuImg: string): Promise<ImageInfo> {
  const file = await stat(path);
  if (!file.isFile()) return otherInfo(path, 'raw', qemuImg);
  return { format: 'raw', virtualSizeBytes: file.size, allocatedBytes: file.blocks * 512, snapshots: [], backingFile: null };
}

async function otherInfo(path: string, format: string, qemuImg: string): Promise<ImageInfo> {
  return Info.parse(JSON.parse(await runOk(qemuImg, ['info', '-U', '--output=json', '-f', format, '--', path], { timeoutMs: 10_000 })));
}

const Info = z.object({
  format: z.string(), 'virtual-size': z.number(), 'actual-size': z.number().default(0),
  snapshots: z.array(z.object({ name: z.string() })).default([]), 'backing-filename': z.string().optional(),
}).transform((info): ImageInfo => ({
  format: info.format, virtualSizeBytes: info['virtual-size'], allocatedBytes: info['actual-size'],
  snapshots: info.snapshots.map((snapshot) => snapshot.name), backingFile: info['backing-filename'] ?? null,
}));
