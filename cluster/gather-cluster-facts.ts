import { parseDatacenterConfig } from '../domain/cluster/parse-datacenter.js';
import { parseStorageConfig } from '../domain/cluster/parse-storage.js';
import type { CordonStore } from '../domain/contracts/cordon.js';
import type { ClusterFacts, ConfigProblem } from '../domain/contracts/facts.js';
import type { ClusterFiles, GuestConfigStore, GuestLock } from '../domain/contracts/ports.js';
import { parseCtConfig } from '../domain/guest/parse-ct-config.js';
import { parseVmConfig } from '../domain/guest/parse-vm-config.js';
import type { Vmid } from '../domain/ids.js';

export interface ClusterFactsDeps {
  readonly files: ClusterFiles;
  readonly configs: GuestConfigStore;
  readonly lock: Pick<GuestLock, 'owner'>;
  readonly cordons: Pick<CordonStore, 'list'>;
}

/** Reads and parses all a migration has to know of the cluster file system. Changes nothing. Throws `ClusterReadOnly` when it can't be read. */
export async function gatherClusterFacts({ files, configs, lock, cordons: store }: ClusterFactsDeps, vmid: Vmid, engineVersion: string): Promise<ClusterFacts> {
  const [membership, owner, lockOwner, datacenterText, storageText, cordons] = await Promise.all([
    files.members(), configs.find(vmid), lock.owner(vmid), files.datacenterText(), files.storageText(), store.list(),
  ]);
  const datacenter = parseDatacenterConfig(datacenterText);
  const storage = parseStorageConfig(storageText);
  const configProblems = [...inFile('datacenter.cfg', datacenter.problems), ...inFile('storage.cfg', storage.problems)];
  const facts = { ...membership, lockOwner, cordons, datacenter: datacenter.config, storages: storage.storages, engineVersion };
  if (owner === null) return { ...facts, guest: null, configProblems };
  const text = await configs.read(vmid, owner.kind, owner.node);
  if (owner.kind === 'lxc') {
    const { config, problems } = parseCtConfig(vmid, text);
    return { ...facts, guest: { kind: 'lxc', node: owner.node, config }, configProblems: [...configProblems, ...inFile(`nodes/${owner.node}/lxc/${vmid}.conf`, problems)] };
  }
  const { config, problems } = parseVmConfig(vmid, text);
  return { ...facts, guest: { kind: 'qemu', node: owner.node, config }, configProblems: [...configProblems, ...inFile(`nodes/${owner.node}/qemu-server/${vmid}.conf`, problems)] };
}

const inFile = (file: string, problems: readonly string[]): ConfigProblem[] => problems.map((problem) => ({ file, problem }));
