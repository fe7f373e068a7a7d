import type { Epoch, EpochRef } from '../../domain/ids.js';
import type { Finding, NodeReconciliation, NodeSurvey, SettlementRequest } from '../../domain/contracts/reconcile.js';
import type { RunState } from '../../domain/contracts/run-state.js';
import { messageOf } from '../../domain/errors.js';
import { judgeNode, tracesOf } from '../../domain/reconcile/judge-node.js';
import type { ReadRun } from '../run-states.js';

export interface ReconcilerDeps {
  survey(): Promise<NodeSurvey>;
  readonly readRun: ReadRun;
  /** Starts the settlement, or finds it running; returns its workflow id. */
  settle(request: SettlementRequest): Promise<string>;
  log(level: 'info' | 'warn', sentence: string): void;
}

/** One node's reconciliation: passes never overlap; asked for while one runs, one more follows. */
export class Reconciler {
  readonly #deps: ReconcilerDeps;
  #last: Promise<unknown> = Promise.resolve();
  #soon: Promise<unknown> | null = null;
  #timer: NodeJS.Timeout | null = null;
  /** Told of once, not with every pass. */
  #told = new Set<string>();

  constructor(deps: ReconcilerDeps) {
    this.#deps = deps;
  }

  /** One pass, now: what is left of closed runs is settled, unless `dryRun`. */
  pass({ dryRun }: { readonly dryRun: boolean }): Promise<NodeReconciliation> {
    const pass = this.#last.then(() => this.#pass(dryRun));
    this.#last = pass.catch(() => undefined);
    return pass;
  }

  /** By itself: now, and then every `intervalSeconds` (0: only now, and when asked). */
  start(intervalSeconds: number): void {
    this.soon();
    if (intervalSeconds > 0) this.#timer = setInterval(() => this.soon(), intervalSeconds * 1000).unref();
  }

  /** An activity's workflow is closed: a pass, as soon as the one that may be under way is over. Several wishes are one. */
  soon(ref?: EpochRef): void {
    if (ref !== undefined) this.#deps.log('warn', `VM ${ref.vmid}: an attempt of ${ref.epoch} was replaced, or its workflow is closed; reconciling`);
    if (this.#soon !== null) return;
    this.#soon = this.#last.then(() => {
      this.#soon = null;
      return this.pass({ dryRun: false });
    }).catch((error: unknown) => this.#deps.log('warn', `reconcile failed: ${messageOf(error)}; tried again later`));
  }

  /** Ends the timer; a pass under way goes on. */
  stop(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  async #pass(dryRun: boolean): Promise<NodeReconciliation> {
    const survey = await this.#deps.survey();
    const findings = judgeNode(survey, await this.#runs(survey));
    this.#tell(findings);
    const due = dryRun ? [] : findings.filter(({ verdict }) => verdict === 'settle');
    const settling: string[] = [];
    for (const { vmid, epoch, nodes } of due) if (epoch !== null) settling.push(await this.#deps.settle({ vmid, epoch, nodes }));
    return { node: survey.node, findings, settling };
  }

  async #runs(survey: NodeSurvey): Promise<ReadonlyMap<Epoch, RunState>> {
    const asked = tracesOf(survey).map(async ({ vmid, epoch, workflowId }): Promise<[Epoch, RunState]> =>
      [epoch, workflowId === null ? 'unknown' : await this.#deps.readRun({ vmid, epoch, workflowId })]);
    return new Map(await Promise.all(asked));
  }

  #tell(findings: readonly Finding[]): void {
    const worth = findings.filter(({ verdict }) => verdict !== 'under-way');
    const sentences = worth.map(({ verdict, vmid, epoch, subject, reason }) =>
      ({ level: verdict === 'settle' ? 'info' as const : 'warn' as const, text: `reconcile: ${verdict}: VM ${vmid}${epoch === null ? '' : `, epoch ${epoch}`}: ${subject}: ${reason}` }));
    for (const { level, text } of sentences) if (!this.#told.has(text)) this.#deps.log(level, text);
    this.#told = new Set(sentences.map(({ text }) => text));
  }
}
