import { setCurrentDetails, upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import type { ConvergencePolicy } from '../domain/convergence/policy.js';
import type { NextStep, RoundSample } from '../domain/convergence/sample.js';
import type { MigrationProgress } from '../domain/contracts/progress.js';
import type { Phase } from '../domain/contracts/phase.js';
import type { MigrationReport, RoundRecord } from '../domain/contracts/report.js';
import type { NodeName, Vmid } from '../domain/ids.js';
import { renderCurrentDetails } from '../domain/progress/details.js';
import { trimReport } from '../domain/report/trim.js';
import { ATTRIBUTES } from './attributes.js';

/** Rounds kept for the decisions and the report; a long migration has thousands. */
export const KEPT_ROUNDS = 200;

/** What one migration knows about itself while it runs: behind the query, the search attributes and the current details. */
export class MigrationState {
  readonly startedAtMs = Date.now();
  vmid: Vmid;
  source: NodeName | null = null;
  kind: 'qemu' | 'lxc' = 'qemu';
  target: NodeName;
  policy: ConvergencePolicy | null = null;
  report: MigrationReport | null = null;
  readonly incidents: string[] = [];
  readonly rounds: RoundRecord[] = [];
  readonly samples: RoundSample[] = [];
  readonly phases: { phase: Phase; elapsedMs: number }[] = [];
  #phase: Phase = 'validating';
  #phaseSinceMs = this.startedAtMs;
  #detail = 'reading the cluster';
  /** What is waited for, and why the last try failed; several things at once when both nodes are away. */
  readonly #waiting = new Map<string, { readonly cause: string; readonly nodes: readonly NodeName[] }>();
  readonly #silentSinceMs = new Map<string, number>();
  #lastStep: NextStep | null = null;
  readonly #overdue = new Set<string>();
  /** Where it goes on when the operator is no longer needed. */
  #before: { readonly phase: Phase; readonly detail: string } | null = null;
  /** What an operator asked for and the next visit shall carry out. */
  #wantedBandwidth: { readonly bytesPerSecond: number | null } | null = null;

  constructor(vmid: Vmid, target: NodeName) {
    this.vmid = vmid;
    this.target = target;
  }

  get phase(): Phase {
    return this.#phase;
  }

  get nodesWaitedFor(): readonly NodeName[] {
    return [...this.#waiting.values()].flatMap(({ nodes }) => nodes);
  }

  get progress(): MigrationProgress {
    return {
      vmid: this.vmid, source: this.source, target: this.target, phase: this.#phase, detail: this.#detail,
      lastSample: this.samples.at(-1) ?? null, lastStep: this.#lastStep, waitingFor: this.#waitingFor() ?? this.#heldBecause(), report: this.report,
    };
  }

  /** The guest and its nodes are known from here on: the list of workflows can be filtered by them. */
  identify(vmid: Vmid, source: NodeName | null, target: NodeName, kind: 'qemu' | 'lxc' = 'qemu'): void {
    Object.assign(this, { vmid, source, target, kind });
    upsertSearchAttributes([
      { key: ATTRIBUTES.guestId, value: String(vmid) },
      { key: ATTRIBUTES.guestKind, value: kind },
      { key: ATTRIBUTES.targetNode, value: target },
      { key: ATTRIBUTES.phase, value: this.#phase },
      { key: ATTRIBUTES.needsOperator, value: false },
      ...(source === null ? [] : [{ key: ATTRIBUTES.sourceNode, value: source }]),
    ]);
    this.#publish();
  }

  enter(phase: Phase, detail: string): void {
    if (phase !== this.#phase) upsertSearchAttributes([{ key: ATTRIBUTES.phase, value: phase }]);
    this.passThrough(phase, detail);
  }

  /** As `enter`, for a phase that the same workflow task leaves again: nobody could ever find it by its attribute, but the server would write it down. */
  passThrough(phase: Phase, detail: string): void {
    this.#detail = detail;
    if (phase !== this.#phase) {
      this.#closePhase();
      this.#phase = phase;
    }
    this.#publish();
  }

  /** The last phase: its report is what the query answers from now on, and what stays in the memo. */
  finish(phase: Phase, report: MigrationReport): void {
    this.report = report;
    upsertMemo({ report: trimReport(report) });
    this.enter(phase, report.reason);
  }

  record(sample: RoundSample, step: NextStep): void {
    this.#lastStep = step;
    this.rounds.push({ sample, step });
    if (this.rounds.length > KEPT_ROUNDS) this.rounds.shift();
    this.#publish();
  }

  observe(sample: RoundSample): void {
    this.samples.push(sample);
    if (this.samples.length > KEPT_ROUNDS) this.samples.shift();
  }

  /** `nodes`: those whose answer would end it. */
  waitFor(what: string, cause: string, nodes: readonly NodeName[] = []): void {
    this.#waiting.set(what, { cause, nodes });
    this.#publish();
  }

  /** It takes so long that an operator should look. */
  callOperator(what: string): void {
    this.#overdue.add(what);
    if (this.#before !== null) return;
    this.#before = { phase: this.#phase, detail: this.#detail };
    upsertSearchAttributes([{ key: ATTRIBUTES.needsOperator, value: true }]);
    this.enter('needsOperator', `it can't go on by itself since it has to ${what}`);
  }

  waitIsOver(what: string): void {
    this.#waiting.delete(what);
    if (this.#overdue.delete(what) && this.#overdue.size === 0 && this.#before !== null) {
      upsertSearchAttributes([{ key: ATTRIBUTES.needsOperator, value: false }]);
      this.enter(this.#before.phase, this.#before.detail);
      this.#before = null;
      return;
    }
    this.#publish();
  }

  fellSilent(node: NodeName, step: string, { cause, sinceMs }: { readonly cause: string; readonly sinceMs: number }): void {
    const what = `${node} to answer ${step}`;
    if (!this.#silentSinceMs.has(what)) this.#silentSinceMs.set(what, sinceMs);
    this.waitFor(what, `it has been silent since ${new Date(this.#silentSinceMs.get(what) ?? sinceMs).toISOString().slice(11, 19)} UTC, ${cause}`);
  }

  /** It answers, or nobody asks it any more. */
  answers(node: NodeName, step: string): void {
    const what = `${node} to answer ${step}`;
    const sinceMs = this.#silentSinceMs.get(what);
    if (sinceMs === undefined) return;
    this.#silentSinceMs.delete(what);
    this.incident(`${node} was silent for ${Math.round((Date.now() - sinceMs) / 1000)} s (${step})`);
    this.waitIsOver(what);
  }

  incident(sentence: string): void {
    this.incidents.push(sentence);
  }

  requestBandwidth(bytesPerSecond: number | null): void {
    this.#wantedBandwidth = { bytesPerSecond };
  }

  get wantsBandwidth(): boolean {
    return this.#wantedBandwidth !== null;
  }

  /** The operator's wish as a step for the driver, once. */
  takeOperatorStep(): NextStep | null {
    const wanted = this.#wantedBandwidth;
    this.#wantedBandwidth = null;
    return wanted && { action: 'set-bandwidth', bandwidthBytesPerSecond: wanted.bytesPerSecond, reason: 'the operator set the bandwidth' };
  }

  /** Phases so far, the current one included. */
  phaseTimes(): { phase: Phase; elapsedMs: number }[] {
    return [...this.phases, { phase: this.#phase, elapsedMs: Date.now() - this.#phaseSinceMs }];
  }

  #waitingFor(): string | null {
    return this.#waiting.size === 0 ? null : [...this.#waiting].map(([what, { cause }]) => `${what}: ${cause}`).join('; ');
  }

  /** The stream stands still, for a reason only the source's driver sees. */
  #heldBecause(): string | null {
    const held = this.#phase === 'precopy' ? this.samples.at(-1)?.heldBecause : undefined;
    return held === undefined ? null : `the stream to go on: ${held}`;
  }

  #closePhase(): void {
    this.phases.push({ phase: this.#phase, elapsedMs: Date.now() - this.#phaseSinceMs });
    this.#phaseSinceMs = Date.now();
  }

  #publish(): void {
    setCurrentDetails(renderCurrentDetails(this.progress));
  }
}
