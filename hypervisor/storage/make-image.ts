import { randomUUID } from 'node:crypto';
import { link, mkdir, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { runOk } from '../exec.js';
import type { ImageFormat } from './volume-store.js';

/**
 * Makes an empty image; false, and nothing made, when the name is taken. It appears under its name at once and whole:
 * made under another one and linked, since link(2) never replaces. `preallocation`: PVE's words.
 */
export async function makeImage(path: string, format: ImageFormat, sizeBytes: number, preallocation: string, qemuImg = 'qemu-img'): Promise<boolean> {
  await mkdir(dirname(path), { recursive: true });
  const draft = join(dirname(path), `${draftPrefix(path)}${randomUUID()}`);
  try {
    // Raw images have no metadata to allocate.
    const option = format === 'raw' && preallocation === 'metadata' ? 'off' : preallocation;
    await runOk(qemuImg, ['create', '-q', '-f', format, '-o', `preallocation=${option}`, '--', draft, String(sizeBytes)], { code: 'StorageUnavailable', timeoutMs: 600_000 });
    await link(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Drafts of an image begin so: one that was left behind by a crash goes with the image. */
export const draftPrefix = (path: string): string => `.${basename(path)}.draft-`;
