import { parseDatacenterConfig } from '../domain/cluster/parse-datacenter.js';
import { parseMappings } from '../domain/cluster/parse-mappings.js';
import { parseStorageConfig } from '../domain/cluster/parse-storage.js';
import type { CordonStore } from '../domain/contracts/cordon.js';
import type { ClusterFacts, ConfigProblem } from '../domain/contracts/facts.js';
import type { ClusterFiles, GuestConfigStore, GuestLock } from '../domain/contracts/ports.js';
import { parseCtConfig } from '../domain/guest/parse-ct-config.js';
import { parseVmConfig } from '../domain/guest/parse-vm-config.js';
import { mentionedVolumes } from '../domain/guest/volumes.js';
import type { NodeName, Vmid } from '../domain/ids.js';
import { readWhereItIs } from './read-where-it-is.js';

export interface ClusterFactsDeps {
  readonly files: ClusterFiles;
  readonly configs: GuestConfigStore;
  readonly lock: Pick<GuestLock, 'owner'>;
  readonly cordons: Pick<CordonStore, 'list'>;
}

/** Reads and parses all a migration has to know of the cluster file system. Changes nothing. Throws `ClusterReadOnly` when it can't be read. */
export async function gatherClusterFacts({ files, configs, lock, cordons: store }: ClusterFactsDeps, vmid: Vmid, engineVersion: string): Promise<ClusterFacts> {
  const [membership, owner, lockOwner, datacenterText, storageText, mappingText, cordons] = await Promise.all([
    files.members(), readWhereItIs(configs, vmid), lock.owner(vmid), files.datacenterText(), files.storageText(), files.mappingText(), store.list(),
  ]);
  const datacenter = parseDatacenterConfig(datacenterText);
  const storage = parseStorageConfig(storageText);
  const configProblems = [...inFile('datacenter.cfg', datacenter.problems), ...inFile('storage.cfg', storage.problems)];
  const facts = { ...membership, lockOwner, cordons, datacenter: datacenter.config, storages: storage.storages, mappings: parseMappings(mappingText), engineVersion };
  if (owner === null) return { ...facts, guest: null, configProblems };
  const { text } = owner;
  if (owner.kind === 'lxc') {
    const { config, problems } = parseCtConfig(vmid, text);
    return { ...facts, guest: { kind: 'lxc', node: owner.node, config }, configProblems: [...configProblems, ...inFile(`nodes/${owner.node}/lxc/${vmid}.conf`, problems)] };
  }
  const { config, problems } = parseVmConfig(vmid, text);
  const linkedClones = await clonesOf(files, { current: config.values, pending: config.pending, snapshots: config.snapshots }, owner.node);
  return { ...facts, linkedClones, guest: { kind: 'qemu', node: owner.node, config }, configProblems: [...configProblems, ...inFile(`nodes/${owner.node}/qemu-server/${vmid}.conf`, problems)] };
}

/** Base images are named so: no other volume can have a linked clone. */
async function clonesOf(files: ClusterFiles, sections: Parameters<typeof mentionedVolumes>[0], node: NodeName): Promise<NonNullable<ClusterFacts['linkedClones']>> {
  const bases = new Set(mentionedVolumes(sections).flatMap(({ volid }) => (volid !== null && /[:/]base(?:vol)?-\d+-[^/]+$/.test(volid) ? [volid] : [])));
  const found = await Promise.all([...bases].map(async (base) => ({ base, vmids: await files.linkedClonesOf(base, node) })));
  return found.filter(({ vmids }) => vmids.length > 0);
}

const inFile = (file: string, problems: readonly string[]): ConfigProblem[] => problems.map((problem) => ({ file, problem }));
