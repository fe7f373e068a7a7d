import { access, readFile, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { GuestConfigStore, GuestKind } from '../domain/contracts/ports.js';
import { MigrationError } from '../domain/errors.js';
import type { NodeName, Vmid } from '../domain/ids.js';
import { absentIsNull, errnoOf, onClusterFiles } from './fs-errors.js';
import { writeAtomic } from './write-atomic.js';

/** Guest configs below a PVE root: `nodes/<node>/{qemu-server,lxc}/<vmid>.conf`. */
export function createGuestConfigStore(pveRoot: string): GuestConfigStore {
  const file = (vmid: Vmid, kind: GuestKind, node: NodeName): string => configPath(pveRoot, { kind, node }, vmid);
  return {
    find: async (vmid) => onClusterFiles(`find guest failed: VM ${vmid}`, () => find(pveRoot, vmid)),
    read: async (vmid, kind, node) => onClusterFiles(`read guest config failed: VM ${vmid}`, async () => {
      const text = await absentIsNull(readFile(file(vmid, kind, node), 'utf8'));
      if (text === null) throw absent('read', vmid, { kind, node });
      return text;
    }),
    write: async (vmid, kind, node, text) => onClusterFiles(`write guest config failed: VM ${vmid}`, async () => {
      // Only ever replaced: a config written where the guest no longer is would be a second owner.
      if (!(await exists(file(vmid, kind, node)))) throw absent('write', vmid, { kind, node });
      await writeAtomic(file(vmid, kind, node), text, 0o640);
    }),
    move: async (vmid, kind, from, to) => onClusterFiles(`move guest config failed: VM ${vmid}`, () => move((node) => file(vmid, kind, node), vmid, { kind, node: from }, to)),
  };
}

interface Owner {
  readonly kind: GuestKind;
  readonly node: NodeName;
}

const FOLDERS = { qemu: 'qemu-server', lxc: 'lxc' } as const;

/** Where a node's guest configs are. */
export const guestFolders = (pveRoot: string, node: NodeName): readonly { readonly kind: GuestKind; readonly path: string }[] =>
  (['qemu', 'lxc'] as const).map((kind) => ({ kind, path: join(pveRoot, 'nodes', node, FOLDERS[kind]) }));

const configPath = (pveRoot: string, { kind, node }: Owner, vmid: Vmid): string => join(pveRoot, 'nodes', node, FOLDERS[kind], `${vmid}.conf`);

/** A move during a scan may hide the guest or show it twice: only what two scans say, or one scan without doubt, counts. */
async function find(pveRoot: string, vmid: Vmid): Promise<Owner | null> {
  let owners = await scan(pveRoot, vmid);
  if (owners.length !== 1) owners = await scan(pveRoot, vmid);
  if (owners.length > 1) {
    const where = owners.map((owner) => configPath(pveRoot, owner, vmid));
    throw new MigrationError('OwnershipUnknown', `find guest failed: VM ${vmid} has ${owners.length} configs: ${where.join(', ')}; remove the wrong one`, { where });
  }
  return owners[0] ?? null;
}

async function scan(pveRoot: string, vmid: Vmid): Promise<Owner[]> {
  const nodes = await absentIsNull(readdir(join(pveRoot, 'nodes')));
  if (nodes === null) throw new MigrationError('ClusterReadOnly', `find guest failed: VM ${vmid}: ${pveRoot}/nodes is not there: the cluster file system is not mounted`);
  const candidates = nodes.sort().flatMap((node): Owner[] => [{ kind: 'qemu', node }, { kind: 'lxc', node }]);
  const found = await Promise.all(candidates.map((owner) => exists(configPath(pveRoot, owner, vmid))));
  return candidates.filter((_, index) => found[index]);
}

async function move(file: (node: NodeName) => string, vmid: Vmid, from: Owner, to: NodeName): Promise<void> {
  try {
    await rename(file(from.node), file(to));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    if (await exists(file(to))) return;
    if (!(await exists(file(from.node)))) throw absent('move', vmid, from);
    throw new MigrationError('ClusterReadOnly', `move guest config failed: VM ${vmid}: node ${to} has no folder for guest configs`);
  }
}

async function exists(path: string): Promise<boolean> {
  const answer = await absentIsNull(access(path).then(() => true));
  return answer ?? false;
}

const absent = (verb: string, vmid: Vmid, { kind, node }: Owner): MigrationError =>
  new MigrationError('GuestNotFound', `${verb} guest config failed: Configuration file 'nodes/${node}/${FOLDERS[kind]}/${vmid}.conf' does not exist`, { vmid, node });
