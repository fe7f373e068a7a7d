import { workflowInfo } from '@temporalio/workflow';
import type { EpochRef, SwitchoverResult } from '../domain/contracts/activities.js';
import type { MigrationPlan, Refusal } from '../domain/contracts/plan.js';
import type { MigrationReport } from '../domain/contracts/report.js';
import type { MigrateRequest } from '../domain/contracts/request.js';
import { epochOf } from './epoch.js';
import type { MigrationState } from './state.js';

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

export function buildReport(subject: ReportSubject, outcome: MigrationReport['outcome'], reason: string, result: SwitchoverResult | null = null): MigrationReport {
  const { request, state, plan } = subject;
  const info = workflowInfo();
  const endedAtMs = Date.now();
  return {
    vmid: request.vmid, name: plan?.name ?? '', source: state.source, target: request.target,
    epoch: subject.ref?.epoch ?? epochOf(info), workflowId: info.workflowId,
    outcome, reason,
    requestedBy: request.requestedBy, requestReason: request.reason ?? null,
    transport: plan?.transport.type ?? null, network: plan?.transport.network ?? null,
    startedAt: new Date(state.startedAtMs).toISOString(),
    endedAt: new Date(endedAtMs).toISOString(),
    totalMs: endedAtMs - state.startedAtMs,
    phases: state.phaseTimes(),
    rounds: [...state.rounds],
    bytes: result && { ram: result.ramBytes, disks: result.diskBytes },
    qemuDowntimeMs: result?.qemuDowntimeMs ?? null, qemuTotalMs: result?.qemuTotalMs ?? null, blackout: result?.blackout ?? null,
    refusals: subject.refusals ?? [], warnings: subject.warnings, incidents: [...state.incidents],
  };
}
