import { limitsOfWishes, type SlotsConfig } from '../../../domain/admission/limits.js';
import { needsOf } from '../../../domain/admission/needs.js';

const SLOTS: SlotsConfig = { enabled: true, in: 2, out: 3, prepare: 1, nodes: { pve2: { in: 5, switchover: 1 } } };

describe('needsOf', () => {
  test('out of the source, into the target, in the order of the names', () => {
    expect(needsOf('pve2', 'pve1', SLOTS, {})).toEqual([
      { resource: 'pve1', pools: ['prepare-in', 'transfer-in', 'switchover-in'], configured: { 'prepare-in': 1, 'prepare-out': 1, 'transfer-in': 2, 'transfer-out': 3 } },
      {
        resource: 'pve2', pools: ['prepare-out', 'transfer-out', 'switchover-out'],
        configured: { 'prepare-in': 1, 'prepare-out': 1, 'transfer-in': 5, 'transfer-out': 3, 'switchover-in': 1, 'switchover-out': 1 },
      },
    ]);
  });

  test.each<[string, 'crossing' | 'all', string, string, boolean]>([
    ['between a rack and another', 'crossing', 'pve1', 'pve3', true],
    ['the other way', 'crossing', 'pve3', 'pve1', true],
    ['within the rack the uplink is not used', 'crossing', 'pve1', 'pve2', false],
    ['within a shared network it is', 'all', 'pve1', 'pve2', true],
    ['elsewhere', 'all', 'pve3', 'pve4', false],
  ])('a declared link: %s', (_title, counts, source, target, used) => {
    const needs = needsOf(source, target, SLOTS, { rack1: { nodes: ['pve1', 'pve2'], transfers: 3, counts } });
    expect(needs.filter(({ resource }) => resource.startsWith('link:'))).toEqual(used ? [{ resource: 'link:rack1', pools: ['transfer'], configured: { transfer: 3 } }] : []);
  });

  test('none when it is switched off', () => {
    expect(needsOf('pve1', 'pve2', { ...SLOTS, enabled: false }, {})).toEqual([]);
  });
});

test.each([
  [{ in: 4 }, false, { 'transfer-in': 4 }],
  [{ transfer: 4, out: null }, false, { 'transfer-in': 4, 'transfer-out': null }],
  [{ prepare: 1, switchover: 2 }, false, { 'prepare-in': 1, 'prepare-out': 1, 'switchover-in': 2, 'switchover-out': 2 }],
  [{ transfer: 4 }, true, { transfer: 4 }],
  [{ in: 4 }, true, {}],
])('what an operator says as %j (link: %s) is %j', (wishes, isLink, limits) => {
  expect(limitsOfWishes(wishes, isLink)).toEqual(limits);
});
