import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { GuestKind } from '../domain/contracts/ports.js';
import type { NodeName, Vmid } from '../domain/ids.js';
import { absentIsNull, onClusterFiles } from './fs-errors.js';
import { guestFolders } from './guest-config-store.js';

export interface ListedGuest {
  readonly vmid: Vmid;
  readonly kind: GuestKind;
  readonly node: NodeName;
  /** Its config. */
  readonly text: string;
}

/**
 * Every guest of the cluster, or of one node. One that moves while they are read may be seen twice or not at all: then all are read again.
 * Throws `ClusterReadOnly` when they can't be read.
 */
export async function listGuests(pveRoot: string, node?: NodeName): Promise<readonly ListedGuest[]> {
  return onClusterFiles('read guest configs failed', async () => {
    let listed = await readAll(pveRoot, node);
    for (let attempt = 1; attempt < ATTEMPTS && !isSettled(listed); attempt += 1) listed = await readAll(pveRoot, node);
    // Still twice: its move takes its time. Its last place is where it goes.
    return [...new Map(listed.flatMap((guest) => (guest.text === null ? [] : [[guest.vmid, { ...guest, text: guest.text }] as const]))).values()].sort((a, b) => a.vmid - b.vmid);
  });
}

const ATTEMPTS = 3;

interface Read extends Omit<ListedGuest, 'text'> {
  /** null: gone before it could be read. */
  readonly text: string | null;
}

const isSettled = (listed: readonly Read[]): boolean => listed.every(({ text }) => text !== null) && new Set(listed.map(({ vmid }) => vmid)).size === listed.length;

async function readAll(pveRoot: string, only: NodeName | undefined): Promise<readonly Read[]> {
  const nodes = only === undefined ? await readdir(join(pveRoot, 'nodes')) : [only];
  const folders = nodes.flatMap((node) => guestFolders(pveRoot, node).map((folder) => ({ ...folder, node })));
  const found = await Promise.all(folders.map(async ({ path, kind, node }) => {
    const names = (await absentIsNull(readdir(path))) ?? [];
    const vmids = names.flatMap((name) => (/^\d+\.conf$/.test(name) ? [Number(name.slice(0, -'.conf'.length))] : []));
    return Promise.all(vmids.map(async (vmid): Promise<Read> => ({ vmid, kind, node, text: await absentIsNull(readFile(join(path, `${vmid}.conf`), 'utf8')) })));
  }));
  return found.flat();
}
