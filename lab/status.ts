import type { NodeName, Vmid } from '../domain/ids.js';
import { ctRunsOn } from './ct.js';
import type { Lab } from './lab.js';
import { NETWORKS, type Network, nodeAddress } from './layout.js';
import { isCabled } from './network.js';
import { type NodeStatus, isReadonly, nodeStatus } from './node.js';
import { runningPid } from './processes.js';
import { listCts, listVms } from './pve-root.js';
import { type ServiceStatus, agentDir, serviceStatus } from './services.js';
import { temporalRunning } from './temporal.js';
import { vmRunsOn } from './vm.js';

export interface NodeReport {
  readonly name: NodeName;
  readonly state: NodeStatus;
  readonly mgmt: string;
  readonly mig: string;
  readonly agent: ServiceStatus | 'off';
  readonly partitioned: readonly Network[];
  readonly readonly: boolean;
  readonly guests: readonly { readonly vmid: Vmid; readonly running: boolean }[];
}

export interface LabReport {
  readonly dir: string;
  readonly id: string;
  readonly nodes: readonly NodeReport[];
  readonly temporal: { readonly address: string; readonly uiAddress: string | null; readonly running: boolean } | null;
  readonly control: ServiceStatus | 'off';
}

export async function describeLab(lab: Lab): Promise<LabReport> {
  const { layout, state } = lab;
  const guests = [
    ...listVms(layout).map((vm) => ({ ...vm, runsOn: vmRunsOn })),
    ...listCts(layout).map((ct) => ({ ...ct, runsOn: ctRunsOn })),
  ].sort((a, b) => a.vmid - b.vmid);
  const describeNode = async (name: NodeName): Promise<NodeReport> => {
    const status = nodeStatus(layout, state, name);
    const networks = Object.keys(NETWORKS) as Network[];
    const cabled = await Promise.all(networks.map((n) => isCabled(layout, name, n)));
    return {
      name,
      state: status,
      mgmt: nodeAddress(name, 'mgmt'),
      mig: nodeAddress(name, 'mig'),
      agent: status === 'down' ? 'off' : serviceStatus(agentDir(layout, name)),
      partitioned: status === 'down' ? [] : networks.filter((_, i) => !cabled[i]),
      readonly: status === 'up' && isReadonly(layout, state, name),
      guests: guests.filter(({ node }) => node === name).map(({ vmid, runsOn }) => ({ vmid, running: runsOn(layout, vmid, name) })),
    };
  };
  const { temporal } = state;
  return {
    dir: layout.dir,
    id: layout.id,
    nodes: await Promise.all(state.nodes.map(describeNode)),
    temporal: temporal && { address: temporal.address, uiAddress: temporal.uiAddress, running: !temporal.own || temporalRunning(layout) },
    control: runningPid(layout, 'control') === null ? 'off' : serviceStatus(layout.controlDir),
  };
}
