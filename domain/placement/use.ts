import type { GuestNeeds, Inventory, LinkUse, NodeRoom, NodeUse, PlannedMove, RoomUse } from '../contracts/evacuation.js';
import { usesLink } from '../admission/needs.js';
import type { NodeName, Vmid } from '../ids.js';
import { footprintBytes } from './guest-load.js';
import type { Scheduled } from './timeline.js';

type Schedule = ReadonlyMap<Vmid, Scheduled>;

/** Every node before, at the worst moment of the schedule, and after. */
export function nodeUses({ guests, nodes }: Inventory, moves: readonly PlannedMove[], schedule: Schedule): readonly NodeUse[] {
  const known = new Map(guests.map((guest) => [guest.vmid, guest]));
  return nodes.map((room) => {
    const before = useNow(room, guests);
    const shifts = moves.flatMap((move) => shiftsOf(move, room, known, schedule)).sort((a, b) => a.atMs - b.atMs || a.sign - b.sign);
    let now = before;
    let during = before;
    for (const { guest, sign } of shifts) {
      now = add(now, guest, sign);
      during = { memoryBytes: Math.max(during.memoryBytes, now.memoryBytes), guests: Math.max(during.guests, now.guests), cores: Math.max(during.cores, now.cores) };
    }
    return { node: room.node, memoryTotalBytes: room.memoryTotalBytes, before, during, after: now };
  });
}

/** What goes over each node's link, and over the declared ones between them; busy: while at least one move uses it. */
export function linkUses({ links = {} }: Inventory, moves: readonly PlannedMove[], schedule: Schedule): readonly LinkUse[] {
  const between = (source: NodeName, target: NodeName): readonly string[] => Object.entries(links).filter(([, link]) => usesLink(link, source, target)).map(([name]) => name);
  const uses = new Map<string, { bytes: number; spans: Scheduled[] }>();
  for (const move of moves) {
    const span = schedule.get(move.vmid);
    for (const link of new Set([move.from, move.to, ...between(move.from, move.to)])) {
      const use = uses.get(link) ?? { bytes: 0, spans: [] };
      uses.set(link, { bytes: use.bytes + move.forecast.bytes, spans: span === undefined ? use.spans : [...use.spans, span] });
    }
  }
  return [...uses].map(([link, { bytes, spans }]) => ({ link, bytes, busyMs: unionMs(spans) })).sort((a, b) => b.bytes - a.bytes || a.link.localeCompare(b.link));
}

function useNow({ node, memoryTotalBytes, memoryAvailableBytes }: NodeRoom, guests: readonly GuestNeeds[]): RoomUse {
  const here = guests.filter((guest) => guest.node === node);
  return { memoryBytes: memoryTotalBytes - memoryAvailableBytes, guests: here.length, cores: here.reduce((sum, { running, cores }) => sum + (running ? cores : 0), 0) };
}

interface Change {
  readonly atMs: number;
  readonly guest: GuestNeeds;
  readonly sign: 1 | -1;
}

/** The target has it from the start of its move, the source until its end. */
function shiftsOf({ vmid, from, to }: PlannedMove, { node }: NodeRoom, known: ReadonlyMap<Vmid, GuestNeeds>, schedule: Schedule): Change[] {
  const [guest, span] = [known.get(vmid), schedule.get(vmid)];
  if (guest === undefined || span === undefined) return [];
  return [...(to === node ? [{ atMs: span.startMs, guest, sign: 1 as const }] : []), ...(from === node ? [{ atMs: span.endMs, guest, sign: -1 as const }] : [])];
}

function add(use: RoomUse, guest: GuestNeeds, sign: 1 | -1): RoomUse {
  return {
    memoryBytes: Math.max(0, use.memoryBytes + sign * footprintBytes(guest)), guests: use.guests + sign, cores: use.cores + (guest.running ? sign * guest.cores : 0),
  };
}

function unionMs(spans: readonly Scheduled[]): number {
  let [until, busy] = [0, 0];
  for (const { startMs, endMs } of [...spans].sort((a, b) => a.startMs - b.startMs)) {
    busy += Math.max(0, endMs - Math.max(until, startMs));
    until = Math.max(until, endMs);
  }
  return busy;
}
