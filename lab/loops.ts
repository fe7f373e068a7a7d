import { readFileSync, readdirSync } from 'node:fs';
import type { Layout } from './layout.js';
import { run, until } from './run.js';

const DETACH_MS = 5000;

/**
 * Waits until no loop device holds an image of this lab: the kernel lets go of them when the last mount is gone, which is
 * when the nodes are. What it keeps all the same is detached.
 */
export async function releaseLoops(layout: Layout): Promise<void> {
  const none = (): boolean => loopsOf(layout).length === 0;
  await until('loop devices to be released', DETACH_MS, none).catch(async () => {
    for (const device of loopsOf(layout)) await run(['losetup', '-d', device]);
    await until('loop devices to be detached', DETACH_MS, none);
  });
}

function loopsOf(layout: Layout): string[] {
  return readdirSync('/sys/block').filter((name) => name.startsWith('loop') && backingFile(name).startsWith(`${layout.dir}/`)).map((name) => `/dev/${name}`);
}

function backingFile(name: string): string {
  try {
    return readFileSync(`/sys/block/${name}/loop/backing_file`, 'utf8');
  } catch {
    return '';
  }
}
