import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface PveRoot {
  readonly path: string;
  /** Names below `priv/ferry/<vmid>`; none when the folder is not there. */
  ferryFiles(vmid: number): string[];
  write(name: string, text: string): void;
  remove(): void;
}

/** An empty cluster file system of three nodes in a directory of its own. */
export function makePveRoot(): PveRoot {
  const path = mkdtempSync(join(tmpdir(), 'ferry-pve-'));
  mkdirSync(join(path, 'priv'), { mode: 0o700 });
  for (const node of ['pve1', 'pve2', 'pve3']) for (const kind of ['qemu-server', 'lxc']) mkdirSync(join(path, 'nodes', node, kind), { recursive: true });
  return {
    path,
    ferryFiles: (vmid) => {
      try {
        return readdirSync(join(path, 'priv/ferry', String(vmid))).sort();
      } catch {
        return [];
      }
    },
    write: (name, text) => writeFileSync(join(path, name), text),
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}
