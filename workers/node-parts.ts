import { join } from 'node:path';
import { createClusterFiles } from '../cluster/cluster-files.js';
import { createCommitToken } from '../cluster/commit-token.js';
import { createGuestConfigStore } from '../cluster/guest-config-store.js';
import { createGuestLock } from '../cluster/guest-lock.js';
import { readWhereItIs } from '../cluster/read-where-it-is.js';
import type { InspectInput } from '../domain/contracts/activities.js';
import type { GuestRuntimeFacts, NodeFacts } from '../domain/contracts/facts.js';
import type { FerryConfig } from '../domain/edge/ferry-config.js';
import { parseVmConfig } from '../domain/guest/parse-vm-config.js';
import type { NodeName, Vmid } from '../domain/ids.js';
import { createFileJournal } from '../hypervisor/journal/file-journal.js';
import { containerState } from '../hypervisor/lxc/process/state.js';
import { inspectNode } from '../hypervisor/node/inspect.js';
import { volumeFacts } from '../hypervisor/node/volume-facts.js';
import { ctRunState } from './cold/ct-power.js';
import { engineVersion } from './engine-version.js';
import type { NodeParts } from './node-deps.js';
import { createNodeStorages } from './node-storages.js';

/** The real parts of one node. */
export function createNodeParts(config: FerryConfig & { readonly node: NodeName }): NodeParts {
  const configs = createGuestConfigStore(config.pveRoot);
  return {
    config,
    journal: createFileJournal(join(config.stateDir, 'journal')),
    token: createCommitToken(config.pveRoot),
    configs,
    lock: createGuestLock(config.pveRoot, configs),
    storages: createNodeStorages(config, createClusterFiles(config.pveRoot)),
  };
}

/** What this node says of itself, and of a guest. */
export function createNodeInspector({ config, configs, storages }: NodeParts): (input: InspectInput) => Promise<NodeFacts> {
  const version = engineVersion();
  return async (input) => {
    const [all, owner] = await Promise.all([storages.configs(), readWhereItIs(configs, input.vmid)]);
    // Only where the guest is, its disks are asked for: elsewhere that would start a `qemu-img` for each that is shared.
    const vm = owner?.kind === 'qemu' && owner.node === config.node ? parseVmConfig(input.vmid, owner.text).config : null;
    const volids = input.volids ?? [];
    return inspectNode({
      node: config.node, engineVersion: version, vmid: input.vmid, config: vm, paths: config, cold: input.cold === true,
      storages: all.filter((storage) => input.storages.includes(storage.id)),
      binaries: { qemu: config.qemuBinary, qemuImg: config.qemuImg },
      ...(owner?.kind === 'lxc' ? { container: () => containerRuntime(input.vmid, config) } : {}),
      volumes: volids.length === 0 || owner?.node !== config.node ? null : async () => volumeFacts(volids, await storages.find(owner.kind), config.qemuImg),
    });
  };
}

async function containerRuntime(vmid: Vmid, config: NodeParts['config']): Promise<GuestRuntimeFacts> {
  const { state, initPid } = await containerState(vmid, config);
  return { state: ctRunState[state], pid: initPid, qemuVersion: null, machine: null, accelerator: null, migrationBlockers: [], disks: [] };
}
