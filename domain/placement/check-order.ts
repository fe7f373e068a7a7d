import type { EvacuationPlan, EvacuationRequest, PlannedMove } from '../contracts/evacuation.js';
import type { Vmid } from '../ids.js';
import { shareApplication } from './waves.js';

/** What a move waits for comes before it, and no wave holds more than may run at once. */
export function checkOrder({ moves }: EvacuationPlan, { concurrency, canary }: EvacuationRequest): readonly string[] {
  const byVmid = new Map(moves.map((move) => [move.vmid, move]));
  return [...checkSequence(moves), ...moves.flatMap((move) => checkNeeds(move, byVmid)), ...checkWaves(moves, concurrency, canary)];
}

/** Everything that is over when a move starts, what those waited for included. */
export function allNeeds(move: PlannedMove, byVmid: ReadonlyMap<Vmid, PlannedMove>): ReadonlySet<Vmid> {
  const found = new Set<Vmid>();
  const visit = ({ needs }: PlannedMove): void => {
    for (const vmid of needs) {
      const need = byVmid.get(vmid);
      if (found.has(vmid) || need === undefined) continue;
      found.add(vmid);
      visit(need);
    }
  };
  visit(move);
  return found;
}

const checkSequence = (moves: readonly PlannedMove[]): string[] => moves.flatMap(({ vmid, order }, i) => (order === i ? [] : [`guest ${vmid} is move ${i} of the plan, and its order is ${order}`]));

function checkNeeds(move: PlannedMove, byVmid: ReadonlyMap<Vmid, PlannedMove>): string[] {
  return move.needs.flatMap((vmid) => {
    const need = byVmid.get(vmid);
    if (need === undefined) return [`guest ${move.vmid} waits for guest ${vmid}, which does not move`];
    return need.order < move.order && need.wave < move.wave ? [] : [`guest ${move.vmid} waits for guest ${vmid}, which comes after it`];
  });
}

function checkWaves(moves: readonly PlannedMove[], concurrency: number, canary: number): string[] {
  const waves = new Map<number, PlannedMove[]>();
  for (const move of moves) waves.set(move.wave, [...(waves.get(move.wave) ?? []), move]);
  return [...waves].flatMap(([wave, together]) => {
    const problems: string[] = [];
    if (together.length > concurrency) problems.push(`wave ${wave} has ${together.length} moves, and ${concurrency} may run at once`);
    if (together.length > 1 && together.some(({ order }) => order < canary)) problems.push(`wave ${wave} has a canary that does not move alone`);
    together.forEach((move, i) => {
      const other = together.slice(i + 1).find((one) => shareApplication(one, move));
      if (other !== undefined) problems.push(`wave ${wave} has guests ${move.vmid} and ${other.vmid} of one application`);
    });
    return problems;
  });
}
