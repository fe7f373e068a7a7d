import type { EvacuationPlan, PlannedMove } from '../contracts/evacuation.js';
import type { NodeName, Vmid } from '../ids.js';
import { checkOrder } from './check-order.js';
import { checkRoom } from './check-room.js';
import { applicationsOf } from './complete-plan.js';
import { guestName, isRefusal, moveMode } from './guest-load.js';
import { mayHost } from './may-host.js';
import type { PlanQuestion } from './problem.js';
import { evacuees, locationOf } from './whereabouts.js';

/** Every rule that a plan breaks, one sentence each; empty: it may be carried out. Knows nothing of how the plan was found. */
export function checkPlan(plan: EvacuationPlan, question: PlanQuestion): readonly string[] {
  return [
    ...checkComplete(plan, question), ...plan.moves.flatMap((move) => checkMove(move, question)), ...checkAffinity(plan, question),
    ...checkOrder(plan, question.request), ...checkRoom(plan, question),
  ];
}

/** Every guest that has to leave is either moved or explained, once. */
function checkComplete({ moves, stays }: EvacuationPlan, question: PlanQuestion): string[] {
  const told = [...moves, ...stays].map(({ vmid }) => vmid);
  const twice = told.filter((vmid, i) => told.indexOf(vmid) !== i).map((vmid) => `guest ${vmid} is in the plan twice`);
  return [...twice, ...evacuees(question).filter(({ vmid }) => !told.includes(vmid)).map((guest) => `${guestName(guest)} is neither moved nor explained`)];
}

function checkMove(move: PlannedMove, question: PlanQuestion): string[] {
  const { inventory, request, settled, moving } = question;
  const guest = inventory.guests.find(({ vmid }) => vmid === move.vmid);
  const [room, source] = [move.to, move.from].map((name) => inventory.nodes.find(({ node }) => node === name) ?? null);
  if (guest === undefined || room === null || room === undefined) return [`${guestName(move)} or ${move.to} is not known`];
  const problems: string[] = [];
  const note = (fine: boolean, problem: string): void => void (fine || problems.push(`${guestName(move)}: ${problem}`));
  note(guest.node === move.from && move.from !== move.to, `is on ${guest.node}, and the plan takes it from ${move.from} to ${move.to}`);
  note(!request.skip.includes(move.vmid), 'was to be left out');
  note(!settled.includes(move.vmid) && !moving.some(({ vmid }) => vmid === move.vmid), 'is settled already');
  note(move.parking === (move.from !== request.node), `parking is ${move.parking}, and it is on ${move.from}`);
  note(!move.parking || request.parking, 'is moved to make room, which nobody allowed');
  const mode = moveMode(guest, request);
  note(mode === move.mode, isRefusal(mode) ? mode.sentence : `would be moved ${move.mode}, but has to be ${mode}`);
  const hosting = mayHost(guest, room, { request, rules: inventory.rules, avoid: question.avoid, source: source ?? null, mode: move.mode });
  note(!isRefusal(hosting), isRefusal(hosting) ? hosting.sentence : '');
  note(isRefusal(hosting) || hosting.targetStorage === move.targetStorage, `its storages go to ${move.targetStorage ?? 'the same names'}`);
  note(applicationsOf(guest, inventory.rules, request).every((name) => move.applications.includes(name)), 'an application of it is not told');
  return problems;
}

/** No move brings together what is to be apart, or parts what is to be together. */
function checkAffinity({ moves }: EvacuationPlan, question: PlanQuestion): string[] {
  const to = new Map<Vmid, NodeName>(moves.map((move) => [move.vmid, move.to]));
  const after = (vmid: Vmid): NodeName | null => to.get(vmid) ?? locationOf(question, vmid);
  return question.inventory.rules.flatMap((rule) => {
    if (rule.kind !== 'resource-affinity' || !rule.guests.some((vmid) => to.has(vmid))) return [];
    const there = rule.guests.filter((vmid) => after(vmid) !== null);
    if (rule.affinity === 'positive') {
      const moved = new Set(there.filter((vmid) => to.has(vmid)).map(after));
      const rest = new Set(there.filter((vmid) => !to.has(vmid)).map(after));
      const isTogether = moved.size === 1 && (rest.size === 0 || [...moved].every((node) => rest.has(node)));
      return isTogether ? [] : [`rule ${rule.id} keeps ${there.join(', ')} together, and they would be on ${there.map(after).join(', ')}`];
    }
    // One that leaves the node later still counts: of two that are kept apart only one may come in a place the other ever was.
    return there.filter((vmid) => to.has(vmid)).flatMap((vmid) => {
      const other = there.find((one) => one !== vmid && (after(one) === to.get(vmid) || locationOf(question, one) === to.get(vmid)));
      return other === undefined ? [] : [`rule ${rule.id} keeps ${vmid} and ${other} apart, and both would be on ${to.get(vmid)}`];
    });
  });
}
