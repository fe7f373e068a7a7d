import type { EvacuationPlan, PlannedMove } from '../../../domain/contracts/evacuation.js';
import { checkPlan } from '../../../domain/placement/check-plan.js';
import { computePlan } from '../../../domain/placement/compute-plan.js';
import { GIB } from '../../../domain/units.js';
import { guest, node, question } from './support/inventory.js';

/** One guest has to make room; two are of one application, two more are kept apart. */
const ASKED = question({
  nodes: [node('pve1'), node('pve2', { memoryTotalBytes: 8 * GIB, memoryAvailableBytes: 3 * GIB }), node('pve3', { memoryTotalBytes: 8 * GIB, memoryAvailableBytes: 3 * GIB }), node('pve4', { cordoned: true })],
  guests: [
    guest(101, { memoryBytes: 4 * GIB }), guest(102, { memoryBytes: GIB / 4, tags: ['app-web'] }), guest(103, { memoryBytes: GIB / 4, tags: ['app-web'] }),
    guest(104, { running: false }), guest(105, { running: false }), guest(301, { node: 'pve2', memoryBytes: 2 * GIB }),
  ],
  rules: [{ kind: 'resource-affinity', id: 'apart', affinity: 'negative', guests: [104, 105] }],
}, { parking: true, spareMemoryPercent: 0, concurrency: 2 });

describe('checkPlan', () => {
  let plan: EvacuationPlan;
  beforeAll(async () => { plan = await computePlan(ASKED, () => Promise.resolve(null)); });
  const changed = (vmid: number, change: Partial<PlannedMove>): EvacuationPlan => ({ ...plan, moves: plan.moves.map((move) => (move.vmid === vmid ? { ...move, ...change } : move)) });
  const moveOf = (vmid: number): PlannedMove => plan.moves.find((move) => move.vmid === vmid) as PlannedMove;

  it('finds nothing in a plan that holds', () => {
    expect(plan.moves).toHaveLength(6);
    expect(moveOf(301)).toMatchObject({ parking: true });
    expect(checkPlan(plan, ASKED)).toEqual([]);
  });

  it.each<[string, () => EvacuationPlan, string]>([
    ['a guest nobody speaks of', () => ({ ...plan, moves: plan.moves.slice(0, -1) }), 'is neither moved nor explained'],
    ['a guest that is told twice', () => ({ ...plan, stays: [{ vmid: 101, kind: 'qemu', name: '', code: '', sentence: '', remedy: '' }] }), 'guest 101 is in the plan twice'],
    ['a cordoned target', () => changed(102, { to: 'pve4' }), 'pve4 is cordoned'],
    ['the node itself as target', () => changed(102, { to: 'pve1' }), 'pve1 is the node to empty'],
    ['another way of moving', () => changed(102, { mode: 'offline' }), 'would be moved offline, but has to be live'],
    ['storages that go elsewhere', () => changed(102, { targetStorage: 'shared:local' }), 'its storages go to shared:local'],
    ['an application that is not told', () => changed(102, { applications: [] }), 'an application of it is not told'],
    ['an application twice in a wave', () => changed(103, { wave: moveOf(102).wave }), 'of one application'],
    ['too many at once', () => ({ ...plan, moves: plan.moves.map((move) => ({ ...move, wave: 0, applications: [] })) }), 'and 2 may run at once'],
    ['guests together that are kept apart', () => changed(105, { to: moveOf(104).to }), 'rule apart keeps'],
    ['a need that comes later', () => changed(plan.moves[0]?.vmid ?? 0, { needs: [plan.moves.at(-1)?.vmid ?? 0] }), 'which comes after it'],
    ['a move that does not wait for its room', () => changed(101, { needs: [] }), 'memory of pve2: 4.3 GiB could come at once, and there is room for 3.0 GiB'],
    ['an order that is none', () => ({ ...plan, moves: [...plan.moves].reverse() }), 'and its order is'],
  ])('finds %s', (_title, broken, sentence) => {
    expect(checkPlan(broken(), ASKED).join('\n')).toContain(sentence);
  });

  it('finds a bystander that nobody allowed to move', () => {
    expect(checkPlan(plan, { ...ASKED, request: { ...ASKED.request, parking: false } })).toEqual(['vm 301: is moved to make room, which nobody allowed']);
  });

  it('finds a canary that does not move alone', () => {
    expect(checkPlan(plan, { ...ASKED, request: { ...ASKED.request, canary: 2 } }).join()).toContain('canary that does not move alone');
  });
});
