import type { EvacuationPlan, EvacuationRequest, GuestNeeds, PlacementRule, PlannedMove } from '../contracts/evacuation.js';
import type { NodeName, Vmid } from '../ids.js';
import { MigrationError } from '../errors.js';
import { ownSpace } from './build-problem.js';
import { forecastMove, mayNotConverge, type ForecastInput } from './forecast.js';
import { guestName } from './guest-load.js';
import { needsOf, type Shift } from './needs.js';
import { takesOf } from './places.js';
import type { Placed } from './place-guests.js';
import type { Block, BlockMember, Place, PlacementProblem } from './problem.js';
import { staysOf } from './stays.js';
import { scheduleOf } from './timeline.js';
import { linkUses, nodeUses } from './use.js';
import { wavesOf, withCanaries } from './waves.js';
import { reasonFor } from './reason.js';

/** A placement made a plan: in which order, what waits for what, how long it takes, what it does to every node. */
export function completePlan(problem: PlacementProblem, { placement, quality }: Placed): EvacuationPlan {
  const { question: { inventory, request } } = problem;
  const steps = [...placement].filter(([block, place]) => place.node !== block.home).flatMap(([block, place]) => block.members.map((member) => ({ block, place, member })));
  const forecasts = new Map(steps.map((step) => [step, inputOf(step, problem, Math.min(request.concurrency, steps.length))]));
  const timed = steps.map((step) => ({ ...step, forecast: forecastMove(forecasts.get(step) as ForecastInput) })).sort(byTurn);
  const needs = needsOf(timed.map(shiftOf), roomBefore(problem));
  if (needs === null) throw new MigrationError('Internal', `order the moves failed: ${request.node}: no order keeps every node within its room`);
  const moves = timed.map(({ block, place, member: { guest, mode }, forecast }) => ({
    vmid: guest.vmid, kind: guest.kind, name: guest.name, from: block.home, to: place.node, mode, parking: block.stays !== null,
    needs: needs.get(guest.vmid) ?? [], applications: applicationsOf(guest, inventory.rules, request), ...storageOf(place, guest.vmid),
    forecast, durationMs: forecast.durationMs, reason: reasonFor(block, place, problem, placement),
  }));
  const ordered = withCanaries(moves, request.canary);
  const waves = wavesOf(ordered, request);
  const inWaves = ordered.map(({ durationMs: _, ...move }) => ({ ...move, wave: waves.get(move.vmid) ?? 0 })).sort((a, b) => a.wave - b.wave).map((move, order) => ({ ...move, order }));
  const schedule = scheduleOf(inWaves, request);
  const planned = inWaves.map((move): PlannedMove => ({ ...move, startMs: schedule.get(move.vmid)?.startMs ?? 0 }));
  return {
    node: request.node, moves: planned, stays: staysOf(problem, placement),
    nodes: nodeUses(inventory, planned, schedule), links: linkUses(inventory, planned, schedule),
    bytes: planned.reduce((sum, { forecast }) => sum + forecast.bytes, 0), durationMs: Math.max(0, ...[...schedule.values()].map(({ endMs }) => endMs)),
    quality, warnings: [...inventory.problems, ...[...forecasts.values()].filter(mayNotConverge).map(hardToMove), ...steps.flatMap(({ member: { guest } }) => notCounted(guest))],
  };
}

interface Step {
  readonly block: Block;
  readonly place: Place;
  readonly member: BlockMember;
}

/** Those that make room come first, then the longest: the short ones fill the gaps at the end. Guests bound together follow each other. */
function byTurn(a: Step & { readonly forecast: PlannedMove['forecast'] }, b: Step & { readonly forecast: PlannedMove['forecast'] }): number {
  if (a.block === b.block) return a.member.guest.vmid - b.member.guest.vmid;
  return Number(b.block.stays !== null) - Number(a.block.stays !== null) || b.forecast.durationMs - a.forecast.durationMs || a.member.guest.vmid - b.member.guest.vmid;
}

function inputOf({ place, member: { guest, mode } }: Step, { question: { inventory, request } }: PlacementProblem, sharedBy: number): ForecastInput {
  const roomOf = (name: NodeName): ForecastInput['source'] => inventory.nodes.find(({ node }) => node === name) ?? null;
  const target = roomOf(place.node);
  if (target === null) throw new MigrationError('Internal', `forecast a move failed: ${guestName(guest)}: nothing is known of ${place.node}`);
  return { guest, mode, source: roomOf(guest.node), target, request, sharedBy };
}

function shiftOf({ block, place, member }: Step): Shift {
  return {
    vmid: member.guest.vmid,
    takes: takesOf([member], place.node, ({ guest }) => place.hostings.get(guest.vmid)?.space ?? []),
    frees: block.stays === null ? [] : takesOf([member], block.home, ownSpace),
  };
}

/** What is left before anything moves: blocks that may stay are where they are. */
function roomBefore({ room, blocks }: PlacementProblem): ReadonlyMap<string, number> {
  const left = new Map(room);
  for (const { stays } of blocks) for (const [resource, amount] of stays?.takes ?? []) left.set(resource, (left.get(resource) ?? 0) - amount);
  return left;
}

/** A tag with the agreed beginning, or a rule that keeps guests apart because they stand in for each other. */
export function applicationsOf({ vmid, tags }: GuestNeeds, rules: readonly PlacementRule[], { applicationTagPrefix: prefix }: EvacuationRequest): readonly string[] {
  const apart = rules.filter((rule) => rule.kind === 'resource-affinity' && rule.affinity === 'negative' && rule.guests.includes(vmid));
  return [...tags.filter((tag) => tag.startsWith(prefix)), ...apart.map(({ id }) => `rule ${id}`)];
}

function storageOf({ hostings }: Place, vmid: Vmid): Pick<PlannedMove, 'targetStorage'> {
  const targetStorage = hostings.get(vmid)?.targetStorage;
  return targetStorage === undefined ? {} : { targetStorage };
}

const notCounted = (guest: GuestNeeds): string[] => {
  const { unsized = [] } = guest;
  return unsized.length === 0 ? [] : [`the size of ${unsized.join(', ')} of ${guestName(guest)} is not known: the plan counts nothing for it`];
};

const hardToMove = ({ guest }: ForecastInput): string =>
  `${guestName(guest)} rewrites its memory as fast as it can be sent: it will be braked for the move, or not get done`;
