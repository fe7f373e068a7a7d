import { readFile, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { ClusterMember } from '../domain/contracts/facts.js';
import type { ClusterFiles } from '../domain/contracts/ports.js';
import { MigrationError, messageOf } from '../domain/errors.js';
import type { Vmid, Volid } from '../domain/ids.js';
import { absentIsNull, onClusterFiles } from './fs-errors.js';

type Members = Awaited<ReturnType<ClusterFiles['members']>>;

/** The cluster-wide files below a PVE root. A config file that is not there is empty, as in PVE. */
export function createClusterFiles(pveRoot: string): ClusterFiles {
  const text = async (name: string): Promise<string> =>
    onClusterFiles(`read ${name} failed`, async () => (await absentIsNull(readFile(join(pveRoot, name), 'utf8'))) ?? '');
  return {
    members: async () => onClusterFiles('read cluster members failed', () => readMembers(pveRoot)),
    datacenterText: () => text('datacenter.cfg'),
    storageText: () => text('storage.cfg'),
    rulesText: () => text('ha/rules.cfg'),
    mappingText: async () => (await Promise.all(['pci', 'usb', 'directory'].map((kind) => text(`mapping/${kind}.cfg`)))).join('\n'),
    linkedClonesOf: (volid, node) => onClusterFiles('look for linked clones failed', () => linkedClonesOf(join(pveRoot, 'nodes', node), volid)),
  };
}

/** PVE names a linked clone behind its base: `local:9/base-9-disk-0.qcow2/101/vm-101-disk-0.qcow2`. */
async function linkedClonesOf(nodeDir: string, volid: Volid): Promise<readonly Vmid[]> {
  const found = await Promise.all(['qemu-server', 'lxc'].map(async (kind) => {
    const names = (await absentIsNull(readdir(join(nodeDir, kind)))) ?? [];
    const vmids = names.flatMap((name) => /^(\d+)\.conf$/.exec(name)?.[1] ?? []);
    const texts = await Promise.all(vmids.map((vmid) => absentIsNull(readFile(join(nodeDir, kind, `${vmid}.conf`), 'utf8'))));
    return vmids.filter((_, index) => texts[index]?.includes(`${volid}/`)).map(Number);
  }));
  return found.flat();
}

/** `.members` as pmxcfs shows it; a node on its own has no `cluster` and no `nodelist`. */
const membersSchema = z.object({
  nodename: z.string(),
  cluster: z.object({ quorate: z.number() }).optional(),
  nodelist: z.record(z.string(), z.object({ id: z.number(), online: z.number(), ip: z.string().default('') })).optional(),
});

async function readMembers(pveRoot: string): Promise<Members> {
  const text = await absentIsNull(readFile(join(pveRoot, '.members'), 'utf8'));
  if (text === null) return foldersAsMembers(pveRoot);
  const { nodename, cluster, nodelist } = parseMembers(text);
  const listed = nodelist ?? { [nodename]: { id: 1, online: 1, ip: '' } };
  const members = Object.entries(listed).map(([name, { id, online, ip }]): ClusterMember => ({ name, id, online: online === 1, ip }));
  return { quorate: cluster === undefined || cluster.quorate === 1, members: members.sort((a, b) => a.id - b.id) };
}

function parseMembers(text: string): z.output<typeof membersSchema> {
  try {
    return membersSchema.parse(JSON.parse(text));
  } catch (error) {
    throw new MigrationError('ClusterReadOnly', `read cluster members failed: .members is not what pmxcfs writes: ${messageOf(error)}`);
  }
}

/** Without pmxcfs nobody knows who is online: every node that has a folder counts, without an address. */
async function foldersAsMembers(pveRoot: string): Promise<Members> {
  const names = await absentIsNull(readdir(join(pveRoot, 'nodes')));
  if (names === null) throw new MigrationError('ClusterReadOnly', `read cluster members failed: ${pveRoot}/nodes is not there: the cluster file system is not mounted`);
  return { quorate: true, members: names.sort().map((name, index) => ({ name, id: index + 1, online: true, ip: '' })) };
}
