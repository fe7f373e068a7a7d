import { access, readFile, readdir, rename } from 'node:fs/promises';
import { join } from 'node:path';
import type { GuestConfigStore } from '../domain/contracts/ports.js';
import { MigrationError } from '../domain/errors.js';
import type { NodeName, Vmid } from '../domain/ids.js';
import { absentIsNull, errnoOf, onClusterFiles } from './fs-errors.js';
import { writeAtomic } from './write-atomic.js';

/** Guest configs below a PVE root: `nodes/<node>/{qemu-server,lxc}/<vmid>.conf`. */
export function createGuestConfigStore(pveRoot: string): GuestConfigStore {
  const vmFile = (vmid: Vmid, node: NodeName): string => configPath(pveRoot, { kind: 'qemu', node }, vmid);
  return {
    find: async (vmid) => onClusterFiles(`find guest failed: VM ${vmid}`, () => find(pveRoot, vmid)),
    readVm: async (vmid, node) => onClusterFiles(`read guest config failed: VM ${vmid}`, async () => {
      const text = await absentIsNull(readFile(vmFile(vmid, node), 'utf8'));
      if (text === null) throw absent('read', vmid, node);
      return text;
    }),
    writeVm: async (vmid, node, text) => onClusterFiles(`write guest config failed: VM ${vmid}`, async () => {
      // Only ever replaced: a config written where the guest no longer is would be a second owner.
      if (!(await exists(vmFile(vmid, node)))) throw absent('write', vmid, node);
      await writeAtomic(vmFile(vmid, node), text, 0o640);
    }),
    moveVm: async (vmid, from, to) => onClusterFiles(`move guest config failed: VM ${vmid}`, () => moveVm(vmFile, vmid, from, to)),
  };
}

/** The text of a container's config. Throws `GuestNotFound` when it is not on that node. */
export async function readCtConfig(pveRoot: string, vmid: Vmid, node: NodeName): Promise<string> {
  return onClusterFiles(`read guest config failed: CT ${vmid}`, async () => {
    const text = await absentIsNull(readFile(configPath(pveRoot, { kind: 'lxc', node }, vmid), 'utf8'));
    if (text === null) throw absent('read', vmid, node, 'lxc');
    return text;
  });
}

interface Owner {
  readonly kind: 'qemu' | 'lxc';
  readonly node: NodeName;
}

const FOLDERS = { qemu: 'qemu-server', lxc: 'lxc' } as const;

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

async function moveVm(vmFile: (vmid: Vmid, node: NodeName) => string, vmid: Vmid, from: NodeName, to: NodeName): Promise<void> {
  try {
    await rename(vmFile(vmid, from), vmFile(vmid, to));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    if (await exists(vmFile(vmid, to))) return;
    if (!(await exists(vmFile(vmid, from)))) throw absent('move', vmid, from);
    throw new MigrationError('ClusterReadOnly', `move guest config failed: VM ${vmid}: node ${to} has no folder for guest configs`);
  }
}

async function exists(path: string): Promise<boolean> {
  const answer = await absentIsNull(access(path).then(() => true));
  return answer ?? false;
}

const absent = (verb: string, vmid: Vmid, node: NodeName, kind: Owner['kind'] = 'qemu'): MigrationError =>
  new MigrationError('GuestNotFound', `${verb} guest config failed: Configuration file 'nodes/${node}/${FOLDERS[kind]}/${vmid}.conf' does not exist`, { vmid, node });
