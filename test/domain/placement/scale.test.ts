import { checkPlan } from '../../../domain/placement/check-plan.js';
import { computePlan } from '../../../domain/placement/compute-plan.js';
import type { GuestNeeds, NodeRoom, PlacementRule } from '../../../domain/contracts/evacuation.js';
import { GIB, MIB } from '../../../domain/units.js';
import { createHighsSolver } from '../../../workers/placement/highs-solver.js';
import { guest, node, question } from './support/inventory.js';
import { simulate } from './support/simulate.js';

const GUESTS = 200;
const NODES = 16;

/** Numbers that look random and are the same each time. */
function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

function cluster(draw: (n: number) => number, sizeOf: () => number): { readonly guests: readonly GuestNeeds[]; readonly nodes: readonly NodeRoom[]; readonly rules: readonly PlacementRule[] } {
  const guests = Array.from({ length: GUESTS }, (_, i) => guest(1000 + i, {
    memoryBytes: sizeOf(), kind: draw(4) === 0 ? 'lxc' : 'qemu', running: draw(6) > 0, tags: draw(5) === 0 ? [`app-${draw(20)}`] : [], bridges: [draw(8) === 0 ? 'vmbr1' : 'vmbr0'],
    storages: draw(3) === 0 ? [{ storage: 'local', shared: false, bytes: (1 + draw(40)) * GIB }] : [{ storage: 'shared', shared: true, bytes: 0 }],
  }));
  const nodes = Array.from({ length: NODES }, (_, i) => node(`pve${i + 1}`, {
    memoryTotalBytes: 256 * GIB, memoryAvailableBytes: (60 + draw(90)) * GIB, bridges: i % 4 === 3 ? ['vmbr0'] : ['vmbr0', 'vmbr1'],
    storages: [{ storage: 'shared', availableBytes: 9000 * GIB, totalBytes: 9000 * GIB }, { storage: 'local', availableBytes: (100 + draw(400)) * GIB, totalBytes: 900 * GIB }],
  }));
  const rules = Array.from({ length: 12 }, (_, i): PlacementRule => {
    const members = [1000 + draw(GUESTS), 1000 + draw(GUESTS), 1000 + draw(GUESTS)];
    if (i < 6) return { kind: 'resource-affinity', id: `apart-${i}`, affinity: 'negative', guests: [...new Set(members)] };
    return { kind: 'node-affinity', id: `rather-${i}`, strict: i % 2 === 0, guests: [2000 + i, members[0] ?? 0], nodes: [2, 3, 4, 5, 6].map((n) => ({ node: `pve${n + (i % 8)}`, priority: n % 2 })) };
  });
  return { guests, nodes, rules };
}

describe('the plan for a large node', () => {
  const solve = createHighsSolver();
  const draw = dice(7);
  it.each([
    ['of a few sizes', () => [1, 2, 4, 8, 16][draw(5)] as number * GIB],
    ['of all sizes', () => Math.round((0.5 + draw(1600) / 100) * 1024) * MIB],
  ])('is complete and right, and says how long it took: guests %s', async (title, sizeOf) => {
    const asked = question(cluster(draw, sizeOf), { concurrency: 8, canary: 2 });
    const startedAt = performance.now();
    const plan = await computePlan(asked, solve);
    const elapsedMs = performance.now() - startedAt;
    const loads = plan.nodes.filter(({ node: name }) => name !== 'pve1').map(({ after, memoryTotalBytes }) => Math.round((100 * after.memoryBytes) / memoryTotalBytes));
    console.log(`${GUESTS} guests ${title} on ${NODES} nodes: ${(elapsedMs / 1000).toFixed(1)} s, ${plan.quality}, ${plan.moves.length} move, ${plan.stays.length} stay, `
      + `${plan.moves.at(-1)?.wave} waves; memory in use afterwards ${Math.min(...loads)} to ${Math.max(...loads)} %`);
    expect(checkPlan(plan, asked)).toEqual([]);
    expect(simulate(plan, asked, draw)).toEqual([]);
    expect(plan.moves.length).toBeGreaterThan(150);
  }, 300_000);
});
