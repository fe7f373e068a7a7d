import { z } from 'zod';
import { MIB } from '../../../domain/units.js';
import { Addresses, mainChannel, type QemuAddress } from './address.js';
import { BlockMonitor } from './monitor-block.js';

/** Bytes, unless named otherwise. Source: QEMU's `MigrationRAMStats`. */
export interface RamFigures {
  readonly remaining: number;
  readonly transferred: number;
  readonly total: number;
  /** Rounds: how often the dirty pages were collected. */
  readonly dirtySyncCount: number;
  /** Pages per second. */
  readonly dirtyPagesRate: number;
  readonly pageSize: number;
  /** Megabits (10⁶) per second. */
  readonly mbps: number;
  /** Pages sent whole, and pages that were all zero. */
  readonly normal: number;
  readonly duplicate: number;
}

/** `query-migrate`. What QEMU does not (yet) tell is null. */
export interface MigrationInfo {
  /** null: there has been no migration. */
  readonly status: string | null;
  readonly ram: RamFigures | null;
  readonly downtimeMs: number | null;
  readonly expectedDowntimeMs: number | null;
  readonly totalTimeMs: number | null;
  readonly setupTimeMs: number | null;
  readonly cpuThrottlePercentage: number | null;
  readonly errorDesc: string | null;
  /** Why this guest cannot be migrated at all. */
  readonly blockedReasons: readonly string[];
  /** Where an incoming migration listens. */
  readonly socketAddress: readonly QemuAddress[];
}

/** The memory stream. Every method throws `QmpError`. */
export class MigrationMonitor extends BlockMonitor {
  queryMigrate(): Promise<MigrationInfo> {
    return this.ask('query-migrate', Info);
  }

  queryMigrateCapabilities(): Promise<Readonly<Record<string, boolean>>> {
    return this.ask('query-migrate-capabilities', Capabilities);
  }

  /** By QEMU's names. */
  migrateSetCapabilities(capabilities: Readonly<Record<string, boolean>>): Promise<void> {
    return this.tell('migrate-set-capabilities', {
      capabilities: Object.entries(capabilities).map(([capability, state]) => ({ capability, state })),
    });
  }

  /** By QEMU's names. */
  queryMigrateParameters(): Promise<Readonly<Record<string, unknown>>> {
    return this.ask('query-migrate-parameters', Parameters);
  }

  /** By QEMU's names; those not named stay as they are. */
  migrateSetParameters(parameters: Readonly<Record<string, unknown>>): Promise<void> {
    return this.tell('migrate-set-parameters', parameters);
  }

  /** Returns as soon as the stream is being set up. `resume`: a post-copy that lost its channel. */
  migrate(address: QemuAddress, options: { readonly resume?: boolean } = {}): Promise<void> {
    return this.tell('migrate', { channels: mainChannel(address), resume: options.resume });
  }

  /** With `exitOnError: false` a QEMU whose stream breaks stays and tells why in `queryMigrate`. */
  migrateIncoming(address: QemuAddress, options: { readonly exitOnError?: boolean } = {}): Promise<void> {
    return this.tell('migrate-incoming', { channels: mainChannel(address), 'exit-on-error': options.exitOnError ?? false });
  }

  /** Leaves `state` (`pre-switchover`), where QEMU waits for this. */
  migrateContinue(state: 'pre-switchover'): Promise<void> {
    return this.tell('migrate-continue', { state });
  }

  /** Begins to watch which pages the guest rewrites, by samples; it takes `seconds`, and the guest is not slowed down. */
  calcDirtyRate(seconds: number): Promise<void> {
    return this.tell('calc-dirty-rate', { 'calc-time': seconds });
  }

  /** null: not measured (yet). */
  queryDirtyRate(): Promise<{ readonly bytesPerSecond: number } | null> {
    return this.ask('query-dirty-rate', DirtyRate);
  }

  migrateCancel(): Promise<void> {
    return this.tell('migrate_cancel');
  }

  /** Breaks every connection of the stream at once. Works while QEMU's main loop is stuck. */
  yankMigration(): Promise<void> {
    return this.tell('yank', { instances: [{ type: 'migration' }] }, { outOfBand: true });
  }

  migrateStartPostcopy(): Promise<void> {
    return this.tell('migrate-start-postcopy');
  }

  /** Breaks a post-copy stream on purpose so that it can be re-made. */
  migratePause(): Promise<void> {
    return this.tell('migrate-pause', undefined, { outOfBand: true });
  }

  /** Listens again for a post-copy stream that was lost. Takes the old `uri` form only (qapi/migration.json). */
  migrateRecover(address: QemuAddress): Promise<void> {
    const uri = address.type === 'unix' ? `unix:${address.path}` : `tcp:${bracketed(address.host)}:${address.port}`;
    return this.tell('migrate-recover', { uri }, { outOfBand: true });
  }
}

const bracketed = (host: string): string => (host.includes(':') ? `[${host}]` : host);

const Ram = z.object({
  remaining: z.number(), transferred: z.number(), total: z.number(), 'dirty-sync-count': z.number(), 'dirty-pages-rate': z.number(),
  'page-size': z.number(), mbps: z.number(), normal: z.number(), duplicate: z.number(),
}).transform((r): RamFigures => ({
  remaining: r.remaining, transferred: r.transferred, total: r.total, dirtySyncCount: r['dirty-sync-count'], dirtyPagesRate: r['dirty-pages-rate'],
  pageSize: r['page-size'], mbps: r.mbps, normal: r.normal, duplicate: r.duplicate,
}));

const Info = z.object({
  status: z.string().optional(), ram: Ram.optional(), downtime: z.number().optional(), 'expected-downtime': z.number().optional(),
  'total-time': z.number().optional(), 'setup-time': z.number().optional(), 'cpu-throttle-percentage': z.number().optional(),
  'error-desc': z.string().optional(), 'blocked-reasons': z.array(z.string()).optional(), 'socket-address': Addresses.optional(),
}).transform((m): MigrationInfo => ({
  status: m.status ?? null, ram: m.ram ?? null, downtimeMs: m.downtime ?? null, expectedDowntimeMs: m['expected-downtime'] ?? null,
  totalTimeMs: m['total-time'] ?? null, setupTimeMs: m['setup-time'] ?? null, cpuThrottlePercentage: m['cpu-throttle-percentage'] ?? null,
  errorDesc: m['error-desc'] ?? null, blockedReasons: m['blocked-reasons'] ?? [], socketAddress: m['socket-address'] ?? [],
}));

/** In MiB/s (qapi/migration.json: DirtyRateInfo). */
const DirtyRate = z.object({ status: z.string(), 'dirty-rate': z.number().optional() }).transform(({ status, 'dirty-rate': mebibytes }) =>
  (status === 'measured' && mebibytes !== undefined ? { bytesPerSecond: mebibytes * MIB } : null));

const Capabilities = z.array(z.object({ capability: z.string(), state: z.boolean() }))
  .transform((list): Record<string, boolean> => Object.fromEntries(list.map((c) => [c.capability, c.state])));
const Parameters = z.record(z.string(), z.unknown());
