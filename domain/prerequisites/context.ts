import type { ClusterFacts, MigrationFacts, NodeFacts } from '../contracts/facts.js';
import type { Refusal } from '../contracts/plan.js';
import type { MigrateRequest } from '../contracts/request.js';
import type { VmConfig } from '../guest/vm-config.js';
import type { NodeName } from '../ids.js';
import { sortDrives, type SortedDrive } from './drives.js';

/** What every check looks at. */
export interface CheckContext {
  readonly request: MigrateRequest;
  readonly cluster: ClusterFacts;
  readonly unreachable: MigrationFacts['unreachable'];
  /** null: the guest doesn't exist, or is a container. */
  readonly vm: { readonly node: NodeName; readonly config: VmConfig } | null;
  readonly source: NodeFacts | null;
  /** null also when the target is the source, or no member: one refusal says that, the others would only follow from it. */
  readonly target: NodeFacts | null;
  readonly drives: readonly SortedDrive[];
}

/** One topic's refusals; empty when all is well or nothing can be said (the missing fact is another topic's refusal). */
export type Check = (context: CheckContext) => readonly Refusal[];

export function createContext({ cluster, source, target, unreachable }: MigrationFacts, request: MigrateRequest): CheckContext {
  const { guest } = cluster;
  const vm = guest?.kind === 'qemu' ? { node: guest.node, config: guest.config } : null;
  const meaningful = guest?.node !== request.target && cluster.members.some(({ name }) => name === request.target);
  return {
    request,
    cluster,
    unreachable,
    vm,
    source,
    target: meaningful ? target : null,
    drives: vm === null ? [] : sortDrives(vm.config.drives, cluster.storages),
  };
}

export const isLive = ({ source }: CheckContext): boolean => {
  const state = source?.guest.state;
  return state === 'running' || state === 'paused' || state === 'prelaunch';
};
