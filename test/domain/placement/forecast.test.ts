import { forecastMove, mayNotConverge, type ForecastInput } from '../../../domain/placement/forecast.js';
import { pastMoveOf } from '../../../domain/placement/past-move.js';
import type { MigrationReport } from '../../../domain/contracts/report.js';
import { GIB, MIB } from '../../../domain/units.js';
import { guest, node } from './support/inventory.js';

const input = (given: Partial<ForecastInput> = {}): ForecastInput => ({
  guest: guest(101, { memoryBytes: GIB, dirtyBytesPerSecond: 0 }), mode: 'live', source: node('pve1', { linkBytesPerSecond: 128 * MIB }), target: node('pve2', { linkBytesPerSecond: 256 * MIB }), request: {}, sharedBy: 1, ...given,
});

describe('forecastMove', () => {
  it('sends the memory of a quiet guest once, over the slower link', () => {
    expect(forecastMove(input())).toEqual({ durationMs: 8000 + 3000 + 50, downtimeMs: 50, bytes: GIB, basis: 'measured' });
  });

  it('sends again what is rewritten meanwhile', () => {
    expect(forecastMove(input({ guest: guest(101, { memoryBytes: GIB, dirtyBytesPerSecond: 64 * MIB }) }))).toEqual({ durationMs: 16_000 + 3000 + 250, downtimeMs: 250, bytes: 2 * GIB, basis: 'measured' });
  });

  it('shares the link, and keeps to the limit', () => {
    expect(forecastMove(input({ sharedBy: 4 })).durationMs).toBe(32_000 + 3050);
    expect(forecastMove(input({ request: { bwlimitKiBps: 64 * 1024 } })).durationMs).toBe(16_000 + 3050);
  });

  it('knows what never gets done by itself', () => {
    const busy = input({ guest: guest(101, { dirtyBytesPerSecond: 200 * MIB }) });
    expect([mayNotConverge(busy), mayNotConverge(input()), forecastMove(busy).downtimeMs]).toEqual([true, false, 450]);
  });

  it('adds the disks of the node, and for a guest that is stopped the time it is away', () => {
    const storages = [{ storage: 'local', shared: false, bytes: 10 * GIB }];
    expect(forecastMove(input({ mode: 'offline', guest: guest(101, { running: false, storages }) }))).toMatchObject({ durationMs: 83_000, downtimeMs: 0, bytes: 10 * GIB });
    expect(forecastMove(input({ mode: 'restart', guest: guest(101, { storages }) })).downtimeMs).toBe(25_000 + 1600);
  });

  it('says when it only guesses', () => {
    expect(forecastMove(input({ source: node('pve1', { linkBytesPerSecond: null }) })).basis).toBe('estimate');
    expect(forecastMove(input({ guest: guest(101) })).basis).toBe('estimate');
  });

  it('believes the past of the same kind of move, the middle of it', () => {
    const past = [90, 20, 30].map((seconds) => ({ mode: 'live' as const, totalMs: seconds * 1000, downtimeMs: seconds, bytes: seconds * MIB }));
    const other = { mode: 'offline' as const, totalMs: 1, downtimeMs: 1, bytes: 1 };
    expect(forecastMove(input({ guest: guest(101, { past: [other, ...past] }) }))).toEqual({ durationMs: 30_000, downtimeMs: 30, bytes: 30 * MIB, basis: 'history' });
  });
});

describe('pastMoveOf', () => {
  const report = (given: Partial<MigrationReport>): MigrationReport => ({ outcome: 'migrated', totalMs: 9000, blackout: null, bytes: null, ...given }) as MigrationReport;
  it.each([
    ['a live one', { blackout: { totalMs: 60 } as never, bytes: { ram: 5, disks: 7 } }, { mode: 'live', totalMs: 9000, downtimeMs: 60, bytes: 12 }],
    ['one with a restart', { downtime: { totalMs: 4000 } as never, volumes: [{ sentBytes: 3 }, { sentBytes: 4 }] as never }, { mode: 'restart', totalMs: 9000, downtimeMs: 4000, bytes: 7 }],
    ['one of a stopped guest', { downtime: null, volumes: [] }, { mode: 'offline', totalMs: 9000, downtimeMs: 0, bytes: 0 }],
    ['one that was undone', { outcome: 'rolled-back' as const }, null],
  ])('learns from %s', (_title, given, learned) => {
    expect(pastMoveOf(report(given))).toEqual(learned);
  });
});
