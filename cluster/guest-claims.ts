import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { GuestConfigStore, GuestKind, GuestLock } from '../domain/contracts/ports.js';
import type { GuestClaims, Thing } from '../domain/contracts/reconcile.js';
import { messageOf } from '../domain/errors.js';
import { readConfigSections } from '../domain/guest/config-sections.js';
import type { NodeName, Vmid } from '../domain/ids.js';
import { absentIsNull, onClusterFiles } from './fs-errors.js';
import { openGuestFolder } from './guest-folder.js';
import { TEMPORARY } from './write-atomic.js';

/** What the cluster file system holds of the migrations of guests. Reads only; throws `ClusterReadOnly` when it can't be read. */
export interface GuestClaimsReader {
  /** Guests with a folder of ferry's, and those on `node` that PVE's `lock: migrate` keeps. */
  vmids(node: NodeName): Promise<readonly Vmid[]>;
  read(vmid: Vmid, node: NodeName): Promise<GuestClaims>;
  /** Half-written configs on `node`. */
  temporaryFiles(node: NodeName): Promise<readonly Thing[]>;
}

export function createGuestClaims(pveRoot: string, configs: GuestConfigStore, lock: Pick<GuestLock, 'owner'>): GuestClaimsReader {
  const filesOn = async (node: NodeName): Promise<readonly ConfigFile[]> => (await Promise.all(FOLDERS.map(async ([kind, folder]) =>
    ((await absentIsNull(readdir(join(pveRoot, 'nodes', node, folder)))) ?? []).map((name) => ({ kind, path: `nodes/${node}/${folder}/${name}`, name }))))).flat();
  const lockOf = async (vmid: Vmid, kind: GuestKind, node: NodeName): Promise<string | null> => readConfigSections(await configs.read(vmid, kind, node), kind).current['lock'] ?? null;
  return {
    vmids: (node) => onClusterFiles('list guests failed', async () => {
      const folders = ((await absentIsNull(readdir(join(pveRoot, 'priv', 'ferry')))) ?? []).filter((name) => /^\d+$/.test(name)).map(Number);
      const here = (await filesOn(node)).flatMap(({ kind, name }) => (/^\d+\.conf$/.test(name) ? [{ kind, vmid: parseInt(name, 10) }] : []));
      const locks = await Promise.all(here.map(({ vmid, kind }) => lockOf(vmid, kind, node).catch(() => null)));
      return [...new Set([...folders, ...here.filter((_, index) => locks[index] === 'migrate').map(({ vmid }) => vmid)])];
    }),
    read: (vmid, node) => onClusterFiles(`read claims failed: VM ${vmid}`, async () => {
      const { configNode, kind, problem } = await ownerOf(configs, vmid);
      const before = await holder(lock, vmid);
      const configLock = configNode === node ? await lockOf(vmid, kind, node).catch(() => null) : null;
      // Twice: a migration that begins or ends in between must not look like a lock that nobody took.
      const { owner, ownerProblem } = before.owner === null ? await holder(lock, vmid) : before;
      const names = await openGuestFolder(pveRoot, vmid).list();
      const epochs = names.flatMap((name) => /^([\w-]+)\.(?:undecided|committed|aborted|made|key|claim)$/.exec(name)?.[1] ?? []);
      return { vmid, configNode, configLock, owner, ownerProblem: ownerProblem ?? problem, epochs: [...new Set(epochs)] };
    }),
    temporaryFiles: (node) => onClusterFiles('list guests failed', async () => (await filesOn(node)).flatMap(({ name, path }): Thing[] => {
      const vmid = name.endsWith(TEMPORARY) ? /^(\d+)\.conf\./.exec(name)?.[1] : undefined;
      return vmid === undefined ? [] : [{ kind: 'temporary file', vmid: Number(vmid), name: path, epochShort: null }];
    })),
  };
}

interface ConfigFile {
  readonly kind: GuestKind;
  /** Below the PVE root. */
  readonly path: string;
  readonly name: string;
}

const FOLDERS: readonly (readonly [GuestKind, string])[] = [['qemu', 'qemu-server'], ['lxc', 'lxc']];

async function ownerOf(configs: GuestConfigStore, vmid: Vmid): Promise<{ readonly configNode: NodeName | null; readonly kind: GuestKind; readonly problem: string | null }> {
  try {
    const { node = null, kind = 'qemu' } = (await configs.find(vmid)) ?? {};
    return { configNode: node, kind, problem: null };
  } catch (error) {
    return { configNode: null, kind: 'qemu', problem: messageOf(error) };
  }
}

async function holder(lock: Pick<GuestLock, 'owner'>, vmid: Vmid): Promise<Pick<GuestClaims, 'owner' | 'ownerProblem'>> {
  try {
    return { owner: await lock.owner(vmid), ownerProblem: null };
  } catch (error) {
    return { owner: null, ownerProblem: messageOf(error) };
  }
}
