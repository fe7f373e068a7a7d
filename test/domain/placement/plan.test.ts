import type { EvacuationPlan, PlannedMove } from '../../../domain/contracts/evacuation.js';
import { checkPlan } from '../../../domain/placement/check-plan.js';
import { computePlan } from '../../../domain/placement/compute-plan.js';
import type { PlanQuestion } from '../../../domain/placement/problem.js';
import { renderPlanHtml } from '../../../domain/placement/render-html.js';
import { renderPlan } from '../../../domain/placement/render-text.js';
import { GIB, MIB } from '../../../domain/units.js';
import { createHighsSolver } from '../../../workers/placement/highs-solver.js';
import { guest, node, question } from './support/inventory.js';

jest.setTimeout(60_000);
const solve = createHighsSolver();
const plan = async (asked: PlanQuestion): Promise<EvacuationPlan> => {
  const made = await computePlan(asked, solve);
  expect(checkPlan(made, asked)).toEqual([]);
  return made;
};
const moveOf = ({ moves }: EvacuationPlan, vmid: number): PlannedMove | undefined => moves.find((move) => move.vmid === vmid);
const stayOf = ({ stays }: EvacuationPlan, vmid: number): unknown => stays.find((stay) => stay.vmid === vmid);
const small = (name: string, freeGiB: number): ReturnType<typeof node> => node(name, { memoryTotalBytes: 8 * GIB, memoryAvailableBytes: freeGiB * GIB });

/** Four nodes, twelve guests: what an operator may meet at once. */
const LAB = question({
  nodes: [node('pve1'), small('pve2', 3), small('pve3', 3), small('pve4', 3)],
  guests: [
    ...[101, 102, 103].map((vmid) => guest(vmid, { memoryBytes: 512 * MIB })), ...[104, 105].map((vmid) => guest(vmid, { running: false, storages: [{ storage: 'local', shared: false, bytes: GIB }] })),
    ...[201, 202].map((vmid) => guest(vmid, { kind: 'lxc', memoryBytes: 256 * MIB })), guest(203, { kind: 'lxc', running: false }),
    guest(106, { blockers: [{ code: 'local-devices', sentence: 'vm 106 uses devices of its node: hostpci0', remedy: 'remove them' }] }),
    guest(107, { memoryBytes: 256 * MIB }), guest(108, { memoryBytes: 256 * MIB }), guest(109, { memoryBytes: 3 * GIB }),
    guest(301, { node: 'pve2', memoryBytes: GIB }), guest(302, { node: 'pve3', memoryBytes: 2 * GIB }),
  ],
  rules: [{ kind: 'resource-affinity', id: 'apart', affinity: 'negative', guests: [107, 108] }],
}, { spareMemoryPercent: 0, parking: true, canary: 1 });

describe('a plan to empty a node', () => {
  it('makes room for the one guest that is too big for any node, and leaves what can not move', async () => {
    const made = await plan(LAB);
    expect(made.quality).toBe('optimal');
    expect(made.stays).toEqual([{ vmid: 106, kind: 'qemu', name: 'guest-106', code: 'local-devices', sentence: 'vm 106 uses devices of its node: hostpci0', remedy: 'remove them' }]);
    expect(made.moves.filter(({ parking }) => !parking)).toHaveLength(11);
    const parked = made.moves.filter(({ parking }) => parking);
    expect(parked).toHaveLength(1);
    expect(moveOf(made, 109)).toMatchObject({ to: parked[0]?.from, mode: 'live', needs: [parked[0]?.vmid] });
    expect(parked[0]?.reason).toContain('vm 109');
    expect(moveOf(made, 107)?.to).not.toBe(moveOf(made, 108)?.to);
    expect(moveOf(made, 107)?.applications).toEqual(['rule apart']);
    expect([moveOf(made, 104)?.mode, moveOf(made, 201)?.mode, moveOf(made, 203)?.mode]).toEqual(['offline', 'restart', 'offline']);
    expect(made.nodes.find(({ node: name }) => name === 'pve1')).toMatchObject({ before: { guests: 12 }, after: { guests: 1 } });
  });

  it('without leave to make room says what is missing, where, and what helps', async () => {
    const made = await plan({ ...LAB, request: { ...LAB.request, parking: false } });
    expect(made.moves.every(({ parking }) => !parking)).toBe(true);
    expect(stayOf(made, 109)).toMatchObject({ code: 'memory-insufficient', sentence: expect.stringMatching(/^pve\d lacks .* of memory; .* for vm 109$/), remedy: expect.stringContaining('--parking') });
  });

  it('counts the spare every node keeps', async () => {
    const asked = question({ nodes: [node('pve1'), small('pve2', 2)], guests: [guest(101, { memoryBytes: 1536 * MIB })] }, { spareMemoryPercent: 10 });
    expect(stayOf(await plan(asked), 101)).toMatchObject({ sentence: 'pve2 lacks 513.0 MiB of memory for vm 101', remedy: expect.stringContaining('now 10 %') });
    expect((await plan({ ...asked, request: { ...asked.request, spareMemoryPercent: 0 } })).stays).toEqual([]);
  });

  it('follows a preference as far as there is room, and the highest priority first', async () => {
    const rules = [{ kind: 'node-affinity' as const, id: 'rather', strict: false, guests: [101, 102, 103], nodes: [{ node: 'pve3', priority: 2 }, { node: 'pve4', priority: 1 }] }];
    const made = await plan(question({ nodes: [node('pve1'), small('pve2', 8), small('pve3', 1.3), small('pve4', 1.3)], guests: [101, 102, 103].map((vmid) => guest(vmid)), rules }, { spareMemoryPercent: 0 }));
    expect(made.moves.map(({ to }) => to).sort()).toEqual(['pve2', 'pve3', 'pve4']);
    expect(made.moves.find(({ to }) => to === 'pve3')?.reason).toContain('rule rather prefers it');
    expect(made.moves.find(({ to }) => to === 'pve2')?.reason).toContain('no room where rule rather prefers it');
  });

  it('spreads the load', async () => {
    const made = await plan(question({ nodes: [node('pve1'), node('pve2'), node('pve3'), node('pve4')], guests: Array.from({ length: 9 }, (_, i) => guest(101 + i)) }));
    expect(made.nodes.slice(1).map(({ after }) => after.guests)).toEqual([3, 3, 3]);
  });

  it('keeps together what a rule binds, where the others are', async () => {
    const rules = [{ kind: 'resource-affinity' as const, id: 'together', affinity: 'positive' as const, guests: [101, 102, 301] }];
    const made = await plan(question({ nodes: [node('pve1'), node('pve2'), small('pve3', 8)], guests: [guest(101), guest(102), guest(301, { node: 'pve3' })], rules }));
    expect(made.moves.map(({ to }) => to)).toEqual(['pve3', 'pve3']);
    const stuck = await plan(question({ nodes: [node('pve1'), node('pve2')], guests: [guest(101), guest(102, { blockers: [{ code: 'guest-locked', sentence: 'vm 102 is locked', remedy: 'wait' }] })], rules }));
    expect(stayOf(stuck, 101)).toMatchObject({ code: 'rule-resource-affinity', sentence: 'a positive affinity rule keeps vm 101 with guest 102, which stays on pve1' });
  });

  it('plans around moves that are under way, nodes that failed a guest, and guests that are settled', async () => {
    const guests = [guest(101), guest(102), guest(103, { memoryBytes: 6 * GIB })];
    const made = await plan(question({ nodes: [node('pve1'), small('pve2', 7), node('pve3')], guests }, { spareMemoryPercent: 0 }, {
      settled: [102], moving: [{ vmid: 103, to: 'pve2' }], avoid: [{ vmid: 101, node: 'pve3' }],
    }));
    expect(made.moves).toEqual([]);
    expect(made.stays).toMatchObject([{ vmid: 101, code: 'memory-insufficient' }]);
  });

  it('sends nothing to cordoned, silent and unwanted nodes, and says why', async () => {
    const nodes = [node('pve1'), node('pve2', { cordoned: true }), node('pve3', { online: false }), node('pve4')];
    const made = await plan(question({ nodes, guests: [guest(101)] }, { targets: ['pve2', 'pve3'] }));
    expect(made.stays[0]?.sentence).toBe('no node can take vm 101: pve2 is cordoned: nothing new may be placed there; pve3 is offline, or did not answer; pve4 is not among the targets asked for');
  });

  it('counts what goes over declared links as their slots are counted', async () => {
    const links = { rack: { nodes: ['pve1', 'pve3'], transfers: 2, counts: 'crossing' as const }, segment: { nodes: ['pve3'], transfers: 2, counts: 'all' as const } };
    const to = async (target: string): Promise<readonly string[]> =>
      (await plan(question({ nodes: [node('pve1'), node('pve2'), node('pve3')], guests: [guest(101)], links }, { targets: [target] }))).links.map(({ link }) => link).sort();
    expect(await to('pve2')).toEqual(['pve1', 'pve2', 'rack']);
    expect(await to('pve3')).toEqual(['pve1', 'pve3', 'segment']);
  });

  it('says what it could not count', async () => {
    const made = await plan(question({ nodes: [node('pve1'), node('pve2')], guests: [guest(101, { unsized: ['local:101/vm-101-disk-1.raw'] })] }));
    expect(made.warnings).toEqual(['the size of local:101/vm-101-disk-1.raw of vm 101 is not known: the plan counts nothing for it']);
  });

  it('explains every guest of a node that does not answer', async () => {
    const made = await plan(question({ nodes: [node('pve1', { online: false }), node('pve2')], guests: [guest(101)] }));
    expect(made).toMatchObject({ moves: [], stays: [{ vmid: 101, code: 'node-offline' }] });
  });
});

describe('a plan that is shown', () => {
  it('reads well in a terminal', async () => {
    const text = renderPlan(await plan(LAB));
    expect(text).toMatch(/^11 guests can leave pve1 in about .*, 1 guest of other nodes makes room; 1 guest stays\n/);
    expect(text).toContain('1. vm 106 guest-106: vm 106 uses devices of its node: hostpci0 [local-devices]\n     -> remove them');
    expect(text).toMatch(/\n {2}pve4 {2}before {2}█+░+ {2}62 % {2}5\.0 GiB of 8\.0 GiB, 0 guests, 0 cores\n/);
    expect(text).toMatch(/vm 109 +\d.*\|.*█+.*\|/);
  });

  it('is a page that loads nothing and runs nothing', async () => {
    const page = renderPlanHtml(await plan({ ...LAB, inventory: { ...LAB.inventory, guests: LAB.inventory.guests.map((one) => ({ ...one, name: '<script>alert(1)</script>' })) } }));
    expect(page).not.toMatch(/<script|http|<link|<img/);
    expect(page.match(/<svg/g)).toHaveLength(2);
    expect(page).toContain('&lt;script&gt;');
  });

  it('says of an empty node that it is empty', async () => {
    expect(renderPlan(await plan(question({ nodes: [node('pve1'), node('pve2')] })))).toMatch(/^pve1 is empty: nothing has to move\n/);
  });
});
