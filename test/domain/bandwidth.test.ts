import fc from 'fast-check';
import { resolveBandwidth, shareAmongMirrors, splitBudget, type BandwidthSources } from '../../domain/bandwidth.js';
import { storage } from './prerequisites/facts.js';

const datacenter = (bwlimitKiBps: Record<string, number>): BandwidthSources['datacenter'] => ({ migration: { type: 'secure', network: null }, bwlimitKiBps });
const none: BandwidthSources = { requestKiBps: undefined, storages: [], datacenter: datacenter({}), migrateSpeedMBps: null };
const limited = (bwlimitKiBps: Record<string, number>) => storage({ bwlimitKiBps });

describe('bandwidth', () => {
  test.each<[string, Partial<BandwidthSources>, number | null]>([
    ['nothing is set', {}, null],
    ['the request limits', { requestKiBps: 1000 }, 1_024_000],
    ['the request says unlimited, against the datacenter', { requestKiBps: 0, datacenter: datacenter({ migration: 10 }) }, null],
    ['the request is higher than the datacenter', { requestKiBps: 1000, datacenter: datacenter({ migration: 10 }) }, 1_024_000],
    ['the datacenter limits migrations', { datacenter: datacenter({ migration: 100, default: 10 }) }, 102_400],
    ['the datacenter has a default only', { datacenter: datacenter({ default: 10 }) }, 10_240],
    ['the datacenter lifts its default for migrations', { datacenter: datacenter({ migration: 0, default: 10 }) }, null],
    ['another operation is limited', { datacenter: datacenter({ clone: 10 }) }, null],
    ['the smallest storage wins', { storages: [limited({ migration: 300 }), limited({ default: 200 }), limited({ migration: 0 })] }, 204_800],
    ['storage and datacenter: the smaller', { storages: [limited({ migration: 300 })], datacenter: datacenter({ migration: 100 }) }, 102_400],
    ['migrate_speed counts beside the request', { requestKiBps: 10_240, migrateSpeedMBps: 1 }, 1_048_576],
    ['migrate_speed 0 is no limit', { migrateSpeedMBps: 0 }, null],
    ['decimals are allowed', { datacenter: datacenter({ migration: 0.5 }) }, 512],
  ])('%s', (_title, sources, expected) => expect(resolveBandwidth({ ...none, ...sources })).toBe(expected));

  test('disks have the whole budget while they are copied, RAM most of it afterwards', () => {
    expect(splitBudget(8000, 'diskSync', 2).perDisk).toBe(4000);
    expect(splitBudget(8000, 'precopy', 2)).toEqual({ ram: 7000, perDisk: 500 });
    expect(splitBudget(8000, 'precopy', 0).ram).toBe(8000);
    expect(splitBudget(null, 'precopy', 3)).toEqual({ ram: null, perDisk: null });
  });

  test('a disk that is done leaves its share to the others, but for what it has while memory is copied', () => {
    expect(shareAmongMirrors(8000, { busy: 2, all: 2 })).toEqual({ busy: 4000, following: 500 });
    expect(shareAmongMirrors(8000, { busy: 1, all: 2 })).toEqual({ busy: 7500, following: 500 });
    expect(shareAmongMirrors(8000, { busy: 0, all: 2 }).following).toBe(splitBudget(8000, 'precopy', 2).perDisk);
  });

  test('shares are positive and never exceed the budget', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1000, max: 2 ** 40 }), fc.constantFrom('diskSync' as const, 'precopy' as const), fc.integer({ min: 1, max: 30 }), (budget, phase, disks) => {
        const { ram, perDisk } = splitBudget(budget, phase, disks);
        expect(ram).toBeGreaterThan(0);
        expect(perDisk).toBeGreaterThan(0);
        expect((phase === 'precopy' ? (ram ?? 0) : 0) + (perDisk ?? 0) * disks).toBeLessThanOrEqual(budget);
      }),
    );
  });
});
