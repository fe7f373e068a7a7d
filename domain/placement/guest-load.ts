import type { EvacuationRequest, GuestNeeds, MoveMode } from '../contracts/evacuation.js';
import type { Refusal } from '../contracts/plan.js';
import { qemuMemoryBytes } from '../guest/memory.js';
import { refuse } from '../prerequisites/refuse.js';

/** Memory the guest takes of the node it is on: nothing while it is stopped. A container is counted with all it may use. */
export function footprintBytes({ running, kind, memoryBytes }: GuestNeeds): number {
  if (!running) return 0;
  return kind === 'qemu' ? qemuMemoryBytes(memoryBytes) : memoryBytes;
}

/** What a move sends: the memory of a VM that goes on running, and everything on the node's own storages. */
export const bytesToCopy = (guest: GuestNeeds, mode: MoveMode): number =>
  (mode === 'live' ? guest.memoryBytes : 0) + guest.storages.reduce((sum, { bytes }) => sum + bytes, 0);

/** `vm 101`, `ct 201`. */
export const guestName = ({ kind, vmid }: Pick<GuestNeeds, 'kind' | 'vmid'>): string => `${kind === 'lxc' ? 'ct' : 'vm'} ${vmid}`;

export const isRefusal = (value: unknown): value is Refusal => typeof value === 'object' && value !== null && 'sentence' in value;

/** How the guest would move, whichever way it goes; or why it can't at all. */
export function moveMode(guest: GuestNeeds, { restartContainers, offlineShutdown }: EvacuationRequest): MoveMode | Refusal {
  const name = guestName(guest);
  const [blocker] = guest.blockers;
  if (blocker !== undefined) return blocker;
  if (!guest.running) return 'offline';
  if (guest.kind === 'lxc') {
    return restartContainers ? 'restart'
      : refuse('restart-required', `${name} runs, and a running container can only be moved by stopping and starting it`, 'allow it: --restart-containers; or stop the container first');
  }
  const [live] = guest.liveBlockers ?? [];
  if (live === undefined) return 'live';
  if (offlineShutdown) return 'restart';
  return { ...live, remedy: `${live.remedy}; or let it be shut down for the move: --offline-shutdown` };
}
