import { workflowInfo } from '@temporalio/workflow';
import type { SwitchoverResult } from '../domain/contracts/activities.js';
import type { EpochRef } from '../domain/ids.js';
import type { ColdSwitchResult } from '../domain/contracts/cold.js';
import type { MigrationPlan, Refusal } from '../domain/contracts/plan.js';
import type { MigrationReport } from '../domain/contracts/report.js';
import type { MigrateRequest } from '../domain/contracts/request.js';
import { epochOf } from './epoch.js';
import type { MigrationState } from './state.js';

/** What the switch brought home. */
export type SwitchResult = SwitchoverResult | ColdSwitchResult;

/** What a report is made from; without a plan nothing was touched. */
export interface ReportSubject {
  readonly request: MigrateRequest;
  readonly state: MigrationState;
  readonly plan: MigrationPlan | null;
  readonly warnings: readonly string[];
  /** The migration's, when another workflow than its own ends it. */
  readonly ref?: EpochRef;
  readonly refusals?: readonly Refusal[];
}

export function buildReport(subject: ReportSubject, outcome: MigrationReport['outcome'], reason: string, result: SwitchResult | null = null): MigrationReport {
  const { request, state, plan } = subject;
  const info = workflowInfo();
  const endedAtMs = Date.now();
  return {
    vmid: request.vmid, ...(state.kind === 'lxc' ? { kind: 'lxc' as const } : {}), name: plan?.name ?? '', source: state.source, target: request.target,
    epoch: subject.ref?.epoch ?? epochOf(info), workflowId: info.workflowId,
    outcome, reason,
    requestedBy: request.requestedBy, requestReason: request.reason ?? null,
    transport: plan?.transport.type ?? null, network: plan?.transport.network ?? null,
    startedAt: new Date(state.startedAtMs).toISOString(),
    endedAt: new Date(endedAtMs).toISOString(),
    totalMs: endedAtMs - state.startedAtMs,
    phases: state.phaseTimes(),
    rounds: [...state.rounds],
    ...figuresOf(result),
    refusals: subject.refusals ?? [], warnings: subject.warnings, incidents: [...state.incidents],
  };
}

type Figures = Pick<MigrationReport, 'bytes' | 'qemuDowntimeMs' | 'qemuTotalMs' | 'blackout' | 'volumes' | 'downtime'>;

function figuresOf(result: SwitchResult | null): Figures {
  if (result === null) return { bytes: null, qemuDowntimeMs: null, qemuTotalMs: null, blackout: null };
  if ('ramBytes' in result) {
    const { ramBytes, diskBytes, qemuDowntimeMs, qemuTotalMs, blackout } = result;
    return { bytes: { ram: ramBytes, disks: diskBytes }, qemuDowntimeMs, qemuTotalMs, blackout };
  }
  const { volumes, downtime } = result;
  const sentBytes = volumes.reduce((sum, volume) => sum + volume.sentBytes, 0);
  return { bytes: { ram: 0, disks: sentBytes }, qemuDowntimeMs: null, qemuTotalMs: null, blackout: null, volumes, downtime };
}
