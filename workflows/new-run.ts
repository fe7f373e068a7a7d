import type { EpochRef } from '../domain/ids.js';
import type { MigrationPlan } from '../domain/contracts/plan.js';
import type { MigrateRequest } from '../domain/contracts/request.js';
import { Saga } from '../domain/saga.js';
import { OperatorWord } from './operator/word.js';
import { stepsFor } from './proxies.js';
import type { MigrationRun } from './run.js';
import type { Admission } from './slots/admission.js';
import type { MigrationState } from './state.js';

export interface Beginning {
  readonly ref: EpochRef;
  readonly plan: MigrationPlan;
  readonly request: MigrateRequest;
  readonly warnings: readonly string[];
  readonly state: MigrationState;
  /** Absent: another workflow ends it, which needs no slots. */
  readonly admission?: Admission;
  /** The migration's own workflow. */
  readonly workflowId: string;
}

/** A migration of which nothing is made or known yet. */
export function newRun({ ref, plan, request, warnings, state, workflowId, admission }: Beginning): MigrationRun {
  const { source, target, vmid } = plan;
  return {
    ref, planned: { ...ref, plan, workflowId }, plan, request, warnings, state,
    saga: new Saga(),
    steps: stepsFor(source, target, vmid, 'prompt', state),
    patient: stepsFor(source, target, vmid, 'patient'),
    probe: stepsFor(source, target, vmid, 'probe'),
    operator: new OperatorWord(),
    tokenPossible: false,
    switchPossible: false,
    armed: null,
    decided: null,
    left: new Set(),
    targetLost: false,
    admission: admission ?? null,
  };
}
