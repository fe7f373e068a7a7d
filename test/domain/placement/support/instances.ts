import fc from 'fast-check';
import type { GuestNeeds, Inventory, NodeRoom, PlacementRule } from '../../../../domain/contracts/evacuation.js';
import type { PlanQuestion } from '../../../../domain/placement/problem.js';
import { GIB, MIB } from '../../../../domain/units.js';
import { guest, node, request } from './inventory.js';

export interface Sizes {
  readonly guests: number;
  readonly nodes: number;
  /** Guests that are on the other nodes. */
  readonly bystanders: number;
}

/** Clusters that are short of everything: room, storages, freedom of choice. Numbers small, so that a failure reads well. */
export function questions({ guests, nodes, bystanders }: Sizes): fc.Arbitrary<PlanQuestion> {
  return fc.record({
    targets: fc.array(nodeShape, { minLength: 2, maxLength: nodes }),
    leaving: fc.array(guestShape, { minLength: 2, maxLength: guests }),
    others: fc.array(fc.record({ shape: guestShape, at: fc.nat(nodes - 1) }), { maxLength: bystanders }),
    rules: fc.array(ruleShape, { maxLength: 3 }),
    concurrency: fc.integer({ min: 1, max: 4 }),
    canary: fc.integer({ min: 0, max: 2 }),
    parking: mostly,
    spareMemoryPercent: fc.constantFrom(0, 10),
    restartContainers: mostly,
  }).map(({ targets, leaving, others, rules, ...asked }) => {
    const rooms = [node('pve1'), ...targets.map((shape, i) => toNode(`pve${i + 2}`, shape))];
    const all = [
      ...leaving.map((shape, i) => toGuest(101 + i, 'pve1', shape)),
      ...others.map(({ shape, at }, i) => toGuest(201 + i, `pve${(at % targets.length) + 2}`, shape)),
    ];
    const inventory: Inventory = { guests: all, nodes: withUse(rooms, all), rules: rules.map((shape, i) => toRule(`rule${i}`, shape, all, rooms)), problems: [] };
    return { inventory, request: request(asked), settled: [], moving: [], avoid: [] };
  });
}

/** Nodes that are nearly full of small guests, and large ones that come: nothing goes without making room. */
export function tightQuestions(): fc.Arbitrary<PlanQuestion> {
  return fc.record({
    full: fc.array(fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 4 }), { minLength: 3, maxLength: 4 }), spareGiB: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 4, maxLength: 4 }),
    leaving: fc.array(fc.integer({ min: 2, max: 5 }), { minLength: 1, maxLength: 4 }), localGiB: fc.array(fc.constantFrom(0, 3, 6), { minLength: 4, maxLength: 4 }), concurrency: fc.integer({ min: 2, max: 4 }),
  }).map(({ full, spareGiB, leaving, localGiB, concurrency }) => {
    const disk = (i: number): GuestNeeds['storages'] => [{ storage: 'local', shared: false, bytes: (localGiB[i % 4] ?? 0) * GIB }];
    const guests = [
      ...leaving.map((gib, i) => guest(101 + i, { memoryBytes: gib * GIB, storages: disk(i) })),
      ...full.flatMap((sizes, n) => sizes.map((gib, i) => guest(201 + 10 * n + i, { node: `pve${n + 2}`, memoryBytes: gib * GIB, storages: disk(i + n) }))),
    ];
    const rooms = full.map((sizes, n) => node(`pve${n + 2}`, {
      memoryTotalBytes: 1.2 * (sizes.reduce((sum, gib) => sum + gib, 0) + 4) * GIB, memoryAvailableBytes: (spareGiB[n] ?? 0) * 1.3 * GIB, storages: [{ storage: 'local', availableBytes: ((n * 5) % 12) * GIB, totalBytes: 100 * GIB }],
    }));
    return { inventory: { guests, nodes: [node('pve1'), ...rooms], rules: [], problems: [] }, request: request({ parking: true, concurrency, spareMemoryPercent: 0 }), settled: [], moving: [], avoid: [] };
  });
}

const mostly = fc.nat(3).map((drawn) => drawn > 0);

const nodeShape = fc.record({
  totalGiB: fc.integer({ min: 6, max: 18 }), localGiB: fc.integer({ min: 4, max: 60 }), hasLocal: mostly, hasSecondBridge: mostly, cordoned: oneIn(15), offline: oneIn(15),
});

const guestShape = fc.record({
  kind: fc.constantFrom<'qemu' | 'lxc'>('qemu', 'qemu', 'lxc'), running: mostly, memoryGiB: fc.integer({ min: 1, max: 6 }),
  localGiB: fc.constantFrom(0, 0, 4, 12), secondBridge: oneIn(8), application: fc.constantFrom(null, null, 'app-web', 'app-db'), blocked: oneIn(20),
  dirty: fc.constantFrom(undefined, 0, 5 * MIB, 200 * MIB),
});

const ruleShape = fc.record({
  kind: fc.constantFrom('strict', 'rather', 'positive', 'negative', 'negative'), members: fc.array(fc.nat(40), { minLength: 2, maxLength: 3 }), nodes: fc.array(fc.nat(10), { minLength: 1, maxLength: 2 }),
});

function oneIn(n: number): fc.Arbitrary<boolean> {
  return fc.nat(n - 1).map((drawn) => drawn === 0);
}

type Drawn<T> = T extends fc.Arbitrary<infer U> ? U : never;

function toNode(name: string, { totalGiB, localGiB, hasLocal, hasSecondBridge, cordoned, offline }: Drawn<typeof nodeShape>): NodeRoom {
  return node(name, {
    memoryTotalBytes: totalGiB * GIB, memoryAvailableBytes: totalGiB * GIB, cordoned, online: !offline, bridges: hasSecondBridge ? ['vmbr0', 'vmbr1'] : ['vmbr0'],
    storages: [
      { storage: 'shared', availableBytes: 1000 * GIB, totalBytes: 1000 * GIB },
      { storage: 'spare', availableBytes: localGiB * GIB, totalBytes: 200 * GIB, holds: ['images', 'rootdir'] },
      ...(hasLocal ? [{ storage: 'local', availableBytes: localGiB * GIB, totalBytes: 200 * GIB }] : []),
    ],
  });
}

function toGuest(vmid: number, at: string, { kind, running, memoryGiB, localGiB, secondBridge, application, blocked, dirty }: Drawn<typeof guestShape>): GuestNeeds {
  return guest(vmid, {
    kind, running, node: at, memoryBytes: memoryGiB * GIB, bridges: secondBridge ? ['vmbr1'] : ['vmbr0'], tags: application === null ? [] : [application],
    storages: localGiB === 0 ? [{ storage: 'shared', shared: true, bytes: 0 }] : [{ storage: 'local', shared: false, bytes: localGiB * GIB }],
    blockers: blocked ? [{ code: 'local-devices', sentence: `can't move ${vmid}: hostpci0`, remedy: 'remove it' }] : [],
    ...(dirty === undefined ? {} : { dirtyBytesPerSecond: dirty }),
  });
}

/** What guests take of their nodes is not available any more, never less than nothing. */
function withUse(rooms: readonly NodeRoom[], guests: readonly GuestNeeds[]): readonly NodeRoom[] {
  return rooms.map((room) => {
    const here = guests.filter((one) => one.node === room.node && one.running).reduce((sum, { memoryBytes }) => sum + memoryBytes * 1.05 + 128 * MIB, 0);
    return { ...room, memoryTotalBytes: Math.max(room.memoryTotalBytes, here), memoryAvailableBytes: Math.max(0, room.memoryAvailableBytes - here) };
  });
}

function toRule(id: string, { kind, members, nodes }: Drawn<typeof ruleShape>, guests: readonly GuestNeeds[], rooms: readonly NodeRoom[]): PlacementRule {
  const named = [...new Set(members.map((i) => guests[i % guests.length]?.vmid ?? 0))];
  if (kind === 'positive' || kind === 'negative') return { kind: 'resource-affinity', id, affinity: kind, guests: named };
  return { kind: 'node-affinity', id, strict: kind === 'strict', guests: named, nodes: nodes.map((i, at) => ({ node: rooms[i % rooms.length]?.node ?? 'pve2', priority: at })) };
}
