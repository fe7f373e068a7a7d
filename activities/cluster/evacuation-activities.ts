import type { Absentees, Cordon, CordonStore } from '../../domain/contracts/cordon.js';
import type { EvacuationActivities } from '../../domain/contracts/evacuation-activities.js';
import { MigrationError } from '../../domain/errors.js';
import { parseEvacuationRequest } from '../../domain/edge/evacuation-request.js';
import { parseReturnRequest } from '../../domain/edge/return-request.js';
import { parseRollRequest } from '../../domain/edge/roll-request.js';
import type { NodeName, Vmid } from '../../domain/ids.js';
import { windowAt } from '../../domain/window/window-at.js';
import { atTheEdge } from '../at-the-edge.js';

export interface EvacuationActivityDeps {
  readonly cordons: CordonStore;
  readonly now: () => Date;
  members(): Promise<readonly { readonly name: NodeName; readonly online: boolean }[]>;
  /** The node that holds the guest's config. */
  configNode(vmid: Vmid): Promise<NodeName | null>;
  /** Whether the workflow that set a cordon has ended. */
  isOver(cordon: Cordon): Promise<boolean>;
}

/** What an evacuation needs of the cluster file system, on queue `migrations`. */
export function createEvacuationActivities(deps: EvacuationActivityDeps): Omit<EvacuationActivities, 'planEvacuation'> {
  const { cordons } = deps;
  return atTheEdge<Omit<EvacuationActivities, 'planEvacuation'>>({
    openEvacuation: async (raw) => {
      const request = parseEvacuationRequest(raw);
      const members = await deps.members();
      const names = members.map(({ name }) => name);
      const strange = [request.node, ...(request.targets ?? [])].filter((name) => !names.includes(name));
      if (strange.length > 0) throw new MigrationError('InvalidInput', `read request failed: ${strange.join(', ')}: not a member of the cluster, which has ${names.join(', ')}`);
      return { request, nodes: members.filter(({ online }) => online).map(({ name }) => name) };
    },
    cordonNode: (input) => cordons.take({ ...input, since: deps.now().toISOString() }, (holder) => deps.isOver(holder)),
    uncordonNode: async ({ node, epoch }) => {
      const cordon = await cordons.read(node);
      if (cordon === null) return;
      if (cordon.epoch !== epoch && !(await deps.isOver(cordon))) {
        throw new MigrationError('NodeCordoned', `uncordon failed: ${node}: ${cordon.workflowId} is emptying it; end it first: ferry evacuation cancel ${node}`);
      }
      await cordons.release(node);
    },
    recordMoved: async ({ node, request, moved }) => {
      const known = (await cordons.absentees(node))?.guests ?? [];
      const again = new Set(moved.map(({ vmid }) => vmid));
      await cordons.setAbsentees(node, { request, guests: [...known.filter(({ vmid }) => !again.has(vmid)), ...moved] });
    },
    recordReturned: async ({ node, vmids }) => {
      const known = await cordons.absentees(node);
      if (known !== null) await cordons.setAbsentees(node, without(known, vmids));
    },
    openReturn: async (raw) => {
      const request = parseReturnRequest(raw);
      const absentees = await cordons.absentees(request.node);
      const now = await Promise.all((absentees?.guests ?? []).map(async ({ vmid, to }) => ({ vmid, to, node: await deps.configNode(vmid) })));
      return { ...request, absentees, elsewhere: now.filter(({ to, node }) => node !== to).map(({ vmid, node }) => ({ vmid, node })) };
    },
    openRoll: async (raw) => {
      const request = parseRollRequest(raw);
      const names = (await deps.members()).map(({ name }) => name);
      const strange = request.groups.flat().filter((name) => !names.includes(name));
      if (strange.length > 0) throw new MigrationError('InvalidInput', `read request failed: ${strange.join(', ')}: not a member of the cluster, which has ${names.join(', ')}`);
      return request;
    },
    windowAt: ({ window, atMs }) => Promise.resolve(windowAt(window, atMs)),
  });
}

function without({ request, guests }: Absentees, vmids: readonly Vmid[]): Absentees | null {
  const left = guests.filter(({ vmid }) => !vmids.includes(vmid));
  return left.length === 0 ? null : { request, guests: left };
}
