import type { EvacuationPlan, GuestNeeds, PlannedMove } from '../../../../domain/contracts/evacuation.js';
import type { PlanQuestion } from '../../../../domain/placement/problem.js';
import { MIB } from '../../../../domain/units.js';

/** Draws a number from 0 to n − 1. */
export type Draw = (n: number) => number;

/**
 * Carries a plan out the way nobody wants it: any move whose needs are over may start, in any order, and takes any time. Returns what was
 * broken at any moment, one sentence each. Counts by itself, with nothing of the planner's.
 */
export function simulate({ moves }: EvacuationPlan, { inventory, request }: PlanQuestion, draw: Draw): readonly string[] {
  const guests = new Map(inventory.guests.map((guest) => [guest.vmid, guest]));
  const guestOf = ({ vmid }: { readonly vmid: number }): GuestNeeds => guests.get(vmid) as GuestNeeds;
  const broken: string[] = [];
  const done = new Set<number>();
  let running: PlannedMove[] = [];
  const presentOn = (node: string): number[] => inventory.guests.filter(({ vmid, node: home }) => {
    const move = moves.find((one) => one.vmid === vmid);
    if (move === undefined) return home === node;
    if (done.has(vmid)) return move.to === node;
    return home === node || (running.includes(move) && move.to === node);
  }).map(({ vmid }) => vmid);

  const look = (): void => {
    for (const room of inventory.nodes) {
      const [came, went] = [moves.filter((move) => move.to === room.node && (done.has(move.vmid) || running.includes(move))), moves.filter((move) => move.from === room.node && done.has(move.vmid))];
      const more = came.reduce((sum, move) => sum + memoryOf(guestOf(move)), 0) - went.reduce((sum, move) => sum + memoryOf(guestOf(move)), 0);
      const free = Math.max(0, room.memoryAvailableBytes - (room.memoryTotalBytes * request.spareMemoryPercent) / 100);
      if (came.length > 0 && more > free) broken.push(`${room.node} is overfull by ${more - free} bytes of memory`);
      for (const { storage, availableBytes } of room.storages) {
        const disk = came.reduce((sum, move) => sum + diskOf(guestOf(move), storage, move.targetStorage), 0) - went.reduce((sum, move) => sum + diskOf(guestOf(move), storage), 0);
        if (came.length > 0 && disk > availableBytes) broken.push(`${room.node}/${storage} is overfull by ${disk - availableBytes} bytes`);
      }
    }
    if (running.length > request.concurrency) broken.push(`${running.length} moves run at once`);
  };

  const begin = (move: PlannedMove): void => {
    const guest = guestOf(move);
    const others = presentOn(move.to);
    for (const rule of inventory.rules) {
      if (rule.kind === 'node-affinity' && rule.strict && rule.guests.includes(move.vmid) && !rule.nodes.some(({ node }) => node === move.to)) broken.push(`${rule.id}: ${move.vmid} may not be on ${move.to}`);
      if (rule.kind === 'resource-affinity' && rule.affinity === 'negative' && rule.guests.includes(move.vmid) && rule.guests.some((vmid) => others.includes(vmid))) broken.push(`${rule.id}: ${move.vmid} comes to ${move.to}, where ${others.join(', ')} are`);
    }
    for (const other of running) {
      const [tags, peer] = [guest.tags.filter((tag) => tag.startsWith(request.applicationTagPrefix)), guestOf(other)];
      if (tags.some((tag) => peer.tags.includes(tag))) broken.push(`${move.vmid} and ${other.vmid} of one application move at once`);
      if (inventory.rules.some((rule) => rule.kind === 'resource-affinity' && rule.affinity === 'negative' && rule.guests.includes(move.vmid) && rule.guests.includes(other.vmid))) broken.push(`${move.vmid} and ${other.vmid}, which stand in for each other, move at once`);
    }
    running.push(move);
    look();
  };

  while (done.size < moves.length) {
    const canaries = moves.filter(({ order }) => order < request.canary);
    const ready = moves.filter((move) => !done.has(move.vmid) && !running.includes(move) && move.needs.every((need) => done.has(need))
      && !running.some((other) => other.applications.some((name) => move.applications.includes(name)))
      && (move.order < request.canary ? running.length === 0 : canaries.every(({ vmid }) => done.has(vmid))));
    const mayStart = ready.length > 0 && running.length < request.concurrency;
    if (!mayStart && running.length === 0) return [...broken, `stuck: ${moves.filter(({ vmid }) => !done.has(vmid)).map(({ vmid }) => vmid).join(', ')} never start`];
    if (mayStart && (running.length === 0 || draw(3) > 0)) begin(ready[draw(ready.length)] as PlannedMove);
    else {
      const over = running[draw(running.length)] as PlannedMove;
      running = running.filter((move) => move !== over);
      done.add(over.vmid);
      look();
    }
  }
  return [...broken, ...apartAtTheEnd(moves, { inventory, request })];
}

function apartAtTheEnd(moves: readonly PlannedMove[], { inventory }: Pick<PlanQuestion, 'inventory' | 'request'>): string[] {
  const at = (vmid: number): string | undefined => moves.find((move) => move.vmid === vmid)?.to ?? inventory.guests.find((guest) => guest.vmid === vmid)?.node;
  return inventory.rules.flatMap((rule) => {
    if (rule.kind !== 'resource-affinity' || rule.affinity !== 'positive') return [];
    const homes = new Set(rule.guests.map((vmid) => inventory.guests.find((guest) => guest.vmid === vmid)?.node));
    const nodes = new Set(rule.guests.map(at));
    return homes.size === 1 && nodes.size > 1 ? [`${rule.id}: ${rule.guests.join(', ')} were together, and are on ${[...nodes].join(', ')}`] : [];
  });
}

const memoryOf = ({ running, kind, memoryBytes }: GuestNeeds): number => (!running ? 0 : kind === 'qemu' ? memoryBytes * 1.05 + 128 * MIB : memoryBytes);

function diskOf({ storages }: GuestNeeds, storage: string, map = ''): number {
  const to = new Map(map.split(',').map((entry) => entry.split(':') as [string, string]));
  return storages.reduce((sum, used) => sum + (!used.shared && (to.get(used.storage) ?? used.storage) === storage ? used.bytes : 0), 0);
}
