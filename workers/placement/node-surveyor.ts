import { createClusterFiles } from '../../cluster/cluster-files.js';
import { listGuests, type ListedGuest } from '../../cluster/list-guests.js';
import { parseDatacenterConfig } from '../../domain/cluster/parse-datacenter.js';
import type { NodeSurvey } from '../../domain/contracts/evacuation.js';
import { parseCtConfig } from '../../domain/guest/parse-ct-config.js';
import { parseVmConfig } from '../../domain/guest/parse-vm-config.js';
import { unsizedVolumes } from '../../domain/placement/volume-sizes.js';
import { qemuMemoryBytes } from '../../domain/guest/memory.js';
import type { Vmid } from '../../domain/ids.js';
import { contains, parseAddress, parseCidr } from '../../domain/network/cidr.js';
import { MIB } from '../../domain/units.js';
import { surveyNode } from '../../hypervisor/node/survey.js';
import type { NodeParts } from '../node-deps.js';

/** Surveys the agent's own node, by what the cluster's files say at that moment. */
export function createNodeSurveyor({ config, storages }: NodeParts): (options: { readonly probeDirtyRates: boolean }) => Promise<NodeSurvey> {
  const files = createClusterFiles(config.pveRoot);
  return async ({ probeDirtyRates }) => {
    const [defined, here, datacenterText, { members }] = await Promise.all([storages.configs(), listGuests(config.pveRoot, config.node), files.datacenterText(), files.members()]);
    const network = parseDatacenterConfig(datacenterText).config.migration.network;
    const own = members.find(({ name }) => name === config.node)?.ip ?? '';
    const limit = config.guestMemoryMiB;
    return surveyNode({
      node: config.node, storages: defined, paths: config, probeDirtyRates, binaries: { qemu: config.qemuBinary, qemuImg: config.qemuImg },
      containers: here.filter(({ kind }) => kind === 'lxc').map(({ vmid }) => vmid),
      unsized: here.flatMap(({ vmid, kind, text }) => unsizedVolumes((kind === 'qemu' ? parseVmConfig(vmid, text) : parseCtConfig(vmid, text)).config, defined)),
      isMigrationAddress: (address) => (network === null ? address === own : isInside(address, network)),
      memoryForGuests: limit === undefined ? null : (running) => ({ totalBytes: limit * MIB, takenBytes: takenBy(running, here) }),
    });
  };
}

function isInside(address: string, network: string): boolean {
  const [cidr, parsed] = [parseCidr(network), parseAddress(address)];
  return cidr !== null && parsed !== null && contains(cidr, parsed);
}

/** By their configs; a guest that runs here without one has nothing that could be counted. */
function takenBy(running: readonly Vmid[], here: readonly ListedGuest[]): number {
  return here.filter(({ vmid }) => running.includes(vmid)).reduce((sum, { vmid, kind, text }) => sum
    + (kind === 'qemu' ? qemuMemoryBytes(parseVmConfig(vmid, text).config.memoryMiB * MIB) : parseCtConfig(vmid, text).config.memoryMiB * MIB), 0);
}
