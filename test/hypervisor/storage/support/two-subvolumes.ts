import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { mountBtrfs, noBtrfs } from './btrfs-mount.js';
import { CopyBench } from './copy-bench.js';

/** A test that needs btrfs. */
export const onBtrfs = noBtrfs === null ? test : (title: string, _work: () => Promise<void>): void => test.skip(`${title} (SKIP: ${noBtrfs})`, () => undefined);

export interface TwoSubvolumes {
  readonly bench: CopyBench;
  /** The same volume on a btrfs of its own each; empty texts without btrfs. */
  readonly source: string;
  readonly target: string;
  close(): Promise<void>;
}

/** `volume`: below the top of either file system; the target serves it as `vol:<volume>`. */
export async function twoSubvolumes(volume: string): Promise<TwoSubvolumes> {
  const bench = new CopyBench();
  if (noBtrfs !== null) return { bench, source: '', target: '', close: () => bench.close() };
  const mounts = [mountBtrfs(bench.dir, 'a'), mountBtrfs(bench.dir, 'b')] as const;
  const [source, target] = [join(mounts[0].path, volume), join(mounts[1].path, volume)];
  for (const path of [source, target]) {
    mkdirSync(dirname(path), { recursive: true });
    execFileSync('btrfs', ['-q', 'subvolume', 'create', path]);
  }
  await bench.serve({ resolve: (name) => join(mounts[1].path, name.slice('vol:'.length)) });
  return {
    bench, source, target,
    close: async () => {
      bench.cut();
      for (const { unmount } of mounts) unmount();
      await bench.close();
    },
  };
}
