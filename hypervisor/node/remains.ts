import { readFile } from 'node:fs/promises';
import type { NodeRemains } from '../../domain/contracts/evacuation.js';
import type { Thing } from '../../domain/contracts/reconcile.js';
import type { Vmid } from '../../domain/ids.js';
import { runningContainers } from '../lxc/running-containers.js';

export interface RemainsInput {
  /** Guests that are known to stay: nothing of theirs is named. */
  readonly except: readonly Vmid[];
  /** Guests whose config lies with this node. */
  readonly guests: readonly Vmid[];
  /** What a migration or a guest has left or keeps here. */
  readonly things: readonly Thing[];
  readonly openEntries: readonly { readonly vmid: Vmid; readonly role: string; readonly epoch: string }[];
  readonly lxcPath: string;
  readonly lxcRunDir: string;
}

/** What keeps a node from being empty, by its own word: configs, QEMUs, containers, mounted and half-made volumes, open journals and what belongs to them. Looks only. */
export async function remainsOf({ except, guests, things, openEntries, lxcPath, lxcRunDir }: RemainsInput): Promise<NodeRemains> {
  const counts = ({ vmid }: { readonly vmid: Vmid }): boolean => !except.includes(vmid);
  const containers = (await runningContainers(lxcPath)).filter((vmid) => counts({ vmid }));
  const mounts = (await mountsBelow(lxcRunDir)).filter(({ vmid }) => vmid === null || counts({ vmid }));
  const counted = things.filter(counts);
  const named = (kinds: readonly Thing['kind'][]): string[] => counted.filter(({ kind }) => kinds.includes(kind)).map(({ kind, vmid, name }) => `${kind} of ${vmid} (${name})`);
  return {
    guests: guests.filter((vmid) => counts({ vmid })),
    processes: [...named(['QEMU']), ...containers.map((vmid) => `container ${vmid}`)],
    volumes: [...named(['volume draft']), ...mounts.map(({ path }) => path)],
    reservations: [...openEntries.filter(counts).map(({ vmid, role, epoch }) => `the ${role}'s journal of ${vmid} (${epoch})`), ...named(['run directory', 'tap', 'socket'])],
  };
}

/** Mounted volumes of containers; the number is the first of its path. */
async function mountsBelow(folder: string): Promise<readonly { readonly path: string; readonly vmid: Vmid | null }[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  return lines.map((line) => line.split(' ')[4] ?? '').filter((path) => path.startsWith(`${folder}/`)).map((path) => {
    const vmid = /(?:^|\/)(\d{3,})(?:[/.-]|$)/.exec(path.slice(folder.length))?.[1];
    return { path, vmid: vmid === undefined ? null : Number(vmid) };
  });
}
