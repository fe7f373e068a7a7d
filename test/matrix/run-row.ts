import { setTimeout as sleep } from 'node:timers/promises';
import type { Ending } from '../../client/api/outcome.js';
import { ALL_FAILPOINTS, type FailpointName } from '../../domain/failpoints.js';
import type { NodeName } from '../../domain/ids.js';
import type { Failpoints } from '../../lab/failpoints.js';
import { check } from './check.js';
import type { MatrixCluster, Running } from './cluster.js';
import { inflict, type Inflicted } from './inflict.js';
import type { MatrixGuest } from './guests/guest.js';
import type { Row } from './row.js';

/** What was seen. `problems` empty: the row holds. */
export interface Seen {
  readonly outcome: string;
  readonly reason: string;
  readonly owner: 'source' | 'target';
  readonly guest: 'same' | 'ended';
  /** Longest silence of the guest, as the switch saw it. */
  readonly silentMs: number;
  readonly totalMs: number;
  readonly incidents: readonly string[];
  readonly problems: readonly string[];
}

const REACH_MS = 60_000;
const END_MS = 180_000;
const SLOW = '40mbit';
/** Where a migration of a small guest would be over before the fault. */
const SLOWED: readonly FailpointName[] = ['source.migrate.after', 'source.round.after'];

/**
 * - whoever comes by at the row's place is held there (or struck himself); the migration begins
 * - the fault, then the hold is over; what passes is lifted after its time
 * - the migration has to end by itself; then everything is looked at
 */
export async function runRow(cluster: MatrixCluster, row: Row): Promise<Seen> {
  const { lab } = cluster;
  const guest = cluster.guest(row.guest);
  const { source, target } = guest;
  const points = (name: FailpointName): Failpoints => lab.failpoints(placeOf(name, source, target));
  await guest.begin();
  arm(row, points);
  const slow = row.preludes.some(({ action }) => action === 'cancel') || SLOWED.includes(row.at);
  if (slow) await lab.slow(source, 'mig', SLOW);
  const migration = await cluster.migrate(guest, { migrationType: row.transport });
  const ending = migration.ending();
  let inflicted: Inflicted | null = null;
  try {
    for (const { at, action } of row.preludes) {
      await reached(points(at), at, ending);
      if (action !== 'cancel') continue;
      await migration.cancel();
      points(at).release(at);
    }
    await reached(points(row.at), row.at, ending);
    inflicted = row.fault === 'kill' || row.fault === 'error' ? null : await inflict(row, cluster, migration, { source, target });
    points(row.at).release(row.at);
    if (slow) await lab.slow(source, 'mig', 'off');
    if (inflicted !== null) {
      await Promise.race([sleep(Math.min(inflicted.lastsMs, END_MS)), ending]);
      await inflicted.lift();
      inflicted = null;
    }
    const ended = row.fault === 'terminate' || row.fault === 'reset'
      ? await migration.endingAfter(row.fault) : await ends(guest, row, migration, ending);
    return await check(cluster, row, { source, target }, ended);
  } finally {
    await inflicted?.lift().catch(() => undefined);
    if (slow) await lab.slow(source, 'mig', 'off').catch(() => undefined);
    for (const where of [...lab.nodes, 'control' as const]) lab.failpoints(where).clear();
  }
}

function arm(row: Row, points: (name: FailpointName) => Failpoints): void {
  for (const { at, action } of row.preludes) points(at).arm(at, action === 'cancel' ? 'hang' : action);
  points(row.at).arm(row.at, row.fault === 'kill' || row.fault === 'error' ? row.fault : 'hang');
}

function placeOf(name: FailpointName, source: NodeName, target: NodeName): NodeName | 'control' {
  const where = ALL_FAILPOINTS.find((point) => point.name === name)?.where;
  return where === 'control worker' ? 'control' : where === 'source agent' ? source : target;
}

async function reached(points: Failpoints, name: FailpointName, ending: Promise<Ending>): Promise<void> {
  const over = ending.then((end) => { throw new Error(`${name} was not reached: the migration ended before: ${sentenceOf(end)}`); });
  over.catch(() => undefined);
  await Promise.race([points.untilFired(name, REACH_MS), over]);
}

/** Waits for the end; a guest that the fault took and that is waited for is started by an operator, as the migration asks. */
async function ends(guest: MatrixGuest, row: Row, migration: Running, ending: Promise<Ending>): Promise<Ending> {
  const deadlineMs = performance.now() + END_MS;
  let over = false;
  const ended = ending.then((end) => { over = true; return end; });
  while (!over && performance.now() < deadlineMs) {
    await Promise.race([ended, sleep(500)]);
    const waitingFor = over ? null : await migration.progress().then((p) => p.waitingFor, () => null);
    if (row.expected.guest === 'ended' && row.expected.owner === 'target' && /verify that|finish the commit/.test(waitingFor ?? '')) await guest.startAgain();
  }
  if (over) return ended;
  const progress = await migration.progress().then((p) => JSON.stringify({ phase: p.phase, detail: p.detail, waitingFor: p.waitingFor }), String);
  throw new Error(`the migration has not ended within ${END_MS} ms: ${progress}`);
}

export const sentenceOf = (end: Ending): string => (end.kind === 'report' ? `${end.report.outcome}: ${end.report.reason}` : `${end.code}: ${end.sentence}`);
