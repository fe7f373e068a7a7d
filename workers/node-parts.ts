import { join } from 'node:path';
import { createClusterFiles } from '../cluster/cluster-files.js';
import { createCommitToken } from '../cluster/commit-token.js';
import { createGuestConfigStore } from '../cluster/guest-config-store.js';
import { createGuestLock } from '../cluster/guest-lock.js';
import type { NodeFacts } from '../domain/contracts/facts.js';
import type { FerryConfig } from '../domain/edge/ferry-config.js';
import { parseVmConfig } from '../domain/guest/parse-vm-config.js';
import type { NodeName, Vmid } from '../domain/ids.js';
import { createFileJournal } from '../hypervisor/journal/file-journal.js';
import { inspectNode } from '../hypervisor/node/inspect.js';
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
export function createNodeInspector({ config, configs, storages }: NodeParts): (input: { readonly vmid: Vmid; readonly storages: readonly string[] }) => Promise<NodeFacts> {
  const version = engineVersion();
  return async (input) => {
    const [all, owner] = await Promise.all([storages.configs(), configs.find(input.vmid)]);
    const vm = owner?.kind === 'qemu' ? parseVmConfig(input.vmid, await configs.read(input.vmid, 'qemu', owner.node)).config : null;
    return inspectNode({
      node: config.node, engineVersion: version, vmid: input.vmid, config: vm, paths: config,
      storages: all.filter((storage) => input.storages.includes(storage.id)),
      binaries: { qemu: config.qemuBinary, qemuImg: config.qemuImg },
    });
  };
}
