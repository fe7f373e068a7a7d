import { ApplicationFailure, condition, defineQuery, defineSignal, defineUpdate, isCancellation, proxyActivities, setHandler, ActivityCancellationType } from '@temporalio/workflow';
import type { EvacuationPlan, EvacuationRequest } from '../../../domain/contracts/evacuation.js';
import type { MigrationProgress } from '../../../domain/contracts/progress.js';
import type { ClusterReconciliation } from '../../../domain/contracts/reconcile.js';
import type { MigrationReport } from '../../../domain/contracts/report.js';
import type { MigrateRequest } from '../../../domain/contracts/request.js';
import { reportOf } from './report.js';

/** The real one: it touches nothing. */
export { slotLedgers } from '../../../workflows/slots/slot-ledgers.js';

/** The test drives the stand-in by signals: what it shows, and how it ends. */
export const putSignal = defineSignal<[Partial<MigrationProgress>]>('put');
export const finishSignal = defineSignal<[MigrationReport['outcome'] | 'invalid-input' | 'no-report']>('finish');

const { precopy } = proxyActivities<{ precopy(): Promise<void> }>({
  taskQueue: 'node-pve1',
  startToCloseTimeout: '1 minute',
  heartbeatTimeout: '10s',
  retry: { maximumAttempts: 1 },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

/** Speaks as the real one does, moves nothing. A request whose reason is `heartbeat` runs a node activity meanwhile. */
export async function migrateGuest(request: MigrateRequest): Promise<MigrationReport> {
  let ending: Parameters<typeof finish>[0] | null = null;
  let progress: MigrationProgress = {
    vmid: request.vmid, source: 'pve1', target: request.target, phase: 'validating', detail: 'reading the cluster',
    lastSample: null, lastStep: null, waitingFor: null, report: null,
  };
  const finish = (outcome: MigrationReport['outcome'] | 'invalid-input' | 'no-report'): void => {
    ending = outcome;
  };
  setHandler(defineQuery('progress'), () => progress);
  setHandler(putSignal, (change) => {
    progress = { ...progress, ...change };
  });
  setHandler(finishSignal, finish);
  setHandler(defineUpdate<void, [{ downtimeMs: number }]>('setDowntimeBudget'), ({ downtimeMs }) => {
    progress = { ...progress, detail: `downtime budget ${downtimeMs} ms` };
  }, {
    validator: ({ downtimeMs }) => {
      if (downtimeMs < 1) throw ApplicationFailure.nonRetryable('change refused: downtimeMs: a whole number from 1 to 60000 is needed', 'InvalidInput');
    },
  });
  setHandler(defineUpdate<string, [{ node?: string; by?: string }]>('confirmFenced'), ({ node, by }) => {
    if (node !== 'pve1') throw ApplicationFailure.nonRetryable(`refused: migration of vm ${request.vmid}: ${node ?? '?'} is not fenced: its agent answers`, 'OperatorRefused');
    return `${node} counts as fenced, said ${by ?? '?'}`;
  });
  setHandler(defineUpdate<string, [{ by?: string }]>('retryNow'), (_word) => 'tried again');
  setHandler(defineUpdate<string, [{ by?: string }]>('giveUp'), (_word) => 'given up', {
    validator: (_word) => {
      throw ApplicationFailure.nonRetryable(`refused: migration of vm ${request.vmid}: it is committed`, 'OperatorRefused');
    },
  });
  try {
    if (request.reason === 'heartbeat') {
      progress = { ...progress, phase: 'precopy' };
      await precopy();
    } else {
      await condition(() => ending !== null);
    }
  } catch (error) {
    if (!isCancellation(error)) throw error;
    ending = 'cancelled';
  }
  return end(request, ending ?? 'migrated');
}

function end(request: MigrateRequest, ending: MigrationReport['outcome'] | 'invalid-input' | 'no-report'): MigrationReport {
  if (ending === 'invalid-input') throw ApplicationFailure.nonRetryable('migrating failed: vmid: 99 is below 100', 'InvalidInput');
  if (ending === 'no-report') throw ApplicationFailure.nonRetryable('something broke', 'Internal');
  const report = reportOf(request, ending);
  if (ending === 'migrated') return report;
  throw ApplicationFailure.nonRetryable(report.reason, ending, report);
}

export async function checkMigration(request: MigrateRequest): Promise<unknown> {
  if (request.target === 'pve2') return { refusals: [], warnings: ['the target is busy'], plan: null };
  return {
    refusals: [
      { code: 'node-unknown', sentence: `node ${request.target} is not a member of the cluster`, remedy: 'name one of pve1, pve2' },
      { code: 'guest-locked', sentence: 'guest 101 is locked (backup)', remedy: 'wait for the backup' },
    ],
    warnings: [],
    plan: null,
  };
}

/** Of pve1 one guest would leave; of any other node one would stay. */
export async function planEvacuation({ node }: EvacuationRequest): Promise<EvacuationPlan> {
  const guest = { vmid: 101, kind: 'qemu' as const, name: 'web' };
  const move = { ...guest, from: node, to: 'pve2', mode: 'live' as const, parking: false, wave: 0, order: 0, needs: [], applications: [], forecast: { durationMs: 9000, downtimeMs: 60, bytes: 1, basis: 'history' as const }, startMs: 0, reason: 'the only node' };
  const stay = { ...guest, code: 'memory-insufficient', sentence: 'pve2 lacks 1.0 GiB of memory for vm 101', remedy: 'free 1.0 GiB on pve2' };
  return { node, moves: node === 'pve1' ? [move] : [], stays: node === 'pve1' ? [] : [stay], nodes: [], links: [], bytes: 1, durationMs: 9000, quality: 'optimal', warnings: [] };
}

/** A dry run sees what would be settled; otherwise a settlement is named that the test starts itself. */
export async function reconcileCluster({ dryRun = false, nodes = ['pve1', 'pve2'] }: { dryRun?: boolean; nodes?: readonly string[] }): Promise<ClusterReconciliation> {
  if (nodes.includes('pve9')) throw ApplicationFailure.nonRetryable('reconcile failed: pve9: not a member of the cluster, which has pve1, pve2', 'InvalidInput');
  const finding = { verdict: 'settle' as const, vmid: 700, epoch: 'epoch-700', subject: 'source journal (migrating)', reason: 'workflow migrate-guest-700 is closed and left it behind', workflowId: 'migrate-guest-700', nodes: ['pve1', 'pve2'] };
  const silent = nodes.includes('pve2') ? [{ node: 'pve2', cause: 'reconcileNode failed: pve2: nobody took the task, the agent is away' }] : [];
  return { dryRun, nodes: [{ node: 'pve1', findings: [finding], settling: dryRun ? [] : ['settle-700-epoch-700'] }], silent };
}

export async function settleMigration(): Promise<MigrationReport> {
  return reportOf({ vmid: 700, target: 'pve2', requestedBy: 'root@pve1' }, 'rolled-back');
}

/** Seen to start, no more. */
export const evacuateNode = (): Promise<void> => Promise.resolve();
