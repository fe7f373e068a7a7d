import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { StorageConfig } from '../../domain/contracts/facts.js';
import type { Thing } from '../../domain/contracts/reconcile.js';
import type { NodeName } from '../../domain/ids.js';
import { listQemus } from '../qemu/process/identity.js';
import { findDrafts } from '../storage/find-drafts.js';
import { findFerrySnapshots } from '../storage/btrfs/find-snapshots.js';

export interface CensusPaths {
  readonly runDir: string;
  readonly qemuRunDir: string;
}

/** Everything on this node that looks as if a migration had made it, or a guest left it. Looks only. */
export async function takeCensus(paths: CensusPaths, storages: readonly StorageConfig[], node: NodeName): Promise<readonly Thing[]> {
  const [runNames, socketNames, links, drafts, snapshots] = await Promise.all([
    namesIn(paths.runDir), namesIn(paths.qemuRunDir), namesIn('/sys/class/net'), findDrafts(storages, node), findFerrySnapshots(storages, node),
  ]);
  return [
    ...runNames.flatMap((name) => named(name, /^(\d+)-(\w+)$/, (vmid, epochShort) => ({ kind: 'run directory', vmid, name: join(paths.runDir, name), epochShort }))),
    ...listQemus(paths).map(({ vmid, pid }): Thing => ({ kind: 'QEMU', vmid, name: `pid ${pid}`, epochShort: null })),
    ...links.flatMap((name) => named(name, /^tap(\d+)i\d+$/, (vmid) => ({ kind: 'tap', vmid, name, epochShort: null }))),
    ...socketNames.flatMap((name) => named(name, /^(\d+)\.drive\.qmp$/, (vmid) => ({ kind: 'socket', vmid, name: join(paths.qemuRunDir, name), epochShort: null }))),
    ...drafts.map(({ vmid, path }): Thing => ({ kind: 'volume draft', vmid, name: path, epochShort: null })),
    ...snapshots.map(({ vmid, path, short }): Thing => ({ kind: 'snapshot', vmid, name: path, epochShort: short })),
  ];
}

function named(name: string, pattern: RegExp, make: (vmid: number, second: string) => Thing): Thing[] {
  const match = pattern.exec(name);
  return match === null ? [] : [make(Number(match[1]), match[2] ?? '')];
}

async function namesIn(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  });
}
