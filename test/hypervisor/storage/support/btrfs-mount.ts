import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

/** Why there can be no btrfs here; null: there can. */
export const noBtrfs = ((): string | null => {
  if (process.getuid?.() !== 0) return 'not root';
  if (spawnSync('mkfs.btrfs', ['--version']).status !== 0) return 'no btrfs-progs';
  return spawnSync('modprobe', ['-n', 'btrfs']).status === 0 || execFileSync('cat', ['/proc/filesystems'], { encoding: 'utf8' }).includes('btrfs') ? null : 'no btrfs in the kernel';
})();

/** A new btrfs of its own, mounted in `dir` until `unmount`. */
export function mountBtrfs(dir: string, name: string): { readonly path: string; unmount(): void } {
  const [image, path] = [join(dir, `${name}.img`), join(dir, name)];
  mkdirSync(path);
  execFileSync('truncate', ['-s', '512M', image]);
  execFileSync('mkfs.btrfs', ['-q', image], { stdio: 'ignore' });
  execFileSync('mount', ['-o', 'loop', image, path]);
  return {
    path,
    // The loop device goes with the mount.
    unmount: () => { execFileSync('umount', [path]); },
  };
}
