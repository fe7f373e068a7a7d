import { setCurrentDetails, upsertMemo, upsertSearchAttributes, workflowInfo } from '@temporalio/workflow';
import type { EvacuationPhase, EvacuationProgress } from '../../domain/contracts/evacuation-progress.js';
import type { EvacuationReport } from '../../domain/contracts/evacuation-report.js';
import type { EvacuationPlan, EvacuationRequest, NodeRemains } from '../../domain/contracts/evacuation.js';
import type { EvacuationBook } from '../../domain/evacuation/book.js';
import type { Conclusion } from '../../domain/evacuation/conclude.js';
import { renderEvacuationDetails } from '../../domain/evacuation/details.js';
import { evacuationEta } from '../../domain/evacuation/eta.js';
import { trimEvacuationReport } from '../../domain/evacuation/trim.js';
import type { NodeName } from '../../domain/ids.js';
import { ATTRIBUTES } from '../attributes.js';
import { noteWritten } from '../history.js';

/** An evacuation while it runs: its book, and what an operator sees of it. */
export class EvacuationState {
  readonly request: EvacuationRequest;
  readonly nodes: readonly NodeName[];
  readonly book: EvacuationBook;
  /** The maintenance window. */
  open = true;
  windowChangesAtMs = 0;
  /** The cluster is not what the plan was made for. */
  stale = false;
  plan: EvacuationPlan | null = null;
  report: EvacuationReport | null = null;
  /** Counts what happens: who waits for a change looks at it. */
  version = 0;
  /** The version whose waiting is on show. */
  shownAt = 0;
  #phase: EvacuationPhase = 'opening';
  #detail = '';

  constructor(request: EvacuationRequest, nodes: readonly NodeName[], book: EvacuationBook) {
    this.request = request;
    this.nodes = nodes;
    this.book = book;
    upsertSearchAttributes([{ key: ATTRIBUTES.nodeName, value: request.node }, { key: ATTRIBUTES.evacuationPhase, value: this.#phase }]);
    this.changed();
  }

  get node(): NodeName {
    return this.request.node;
  }

  get phase(): EvacuationPhase {
    return this.#phase;
  }

  get progress(): EvacuationProgress {
    const { book, node, plan, report } = this;
    return {
      node, direction: book.direction, phase: this.#phase, detail: this.#detail, guests: book.guests, plan, concurrency: book.concurrency, bwlimitKiBps: book.bwlimitKiBps,
      startedAtMs: book.startedAtMs, etaMs: report === null ? evacuationEta(book, Date.now()) : null, actions: book.actions, incidents: book.incidents, report,
    };
  }

  enter(phase: EvacuationPhase, detail = ''): void {
    this.#detail = detail;
    if (phase !== this.#phase) {
      this.#phase = phase;
      upsertSearchAttributes([{ key: ATTRIBUTES.evacuationPhase, value: phase }]);
    }
    this.changed();
  }

  changed(): void {
    this.version += 1;
    noteWritten('change');
    setCurrentDetails(renderEvacuationDetails(this.progress));
  }

  incident(sentence: string): void {
    this.book.incidents.push(sentence);
    this.changed();
  }

  /** What a person said, for the record. */
  heard(by: string, what: string): void {
    this.book.actions.push({ at: new Date().toISOString(), by, what });
    this.changed();
  }

  /** The last thing: the report is what the query answers from now on, and what stays in the memo. */
  finish({ outcome, reason }: Conclusion, remains: NodeRemains | null): EvacuationReport {
    const { book, request, node } = this;
    const endedAtMs = Date.now();
    this.report = {
      node, direction: book.direction, workflowId: workflowInfo().workflowId, outcome, reason, requestedBy: request.requestedBy, requestReason: request.reason ?? null,
      startedAt: new Date(book.startedAtMs).toISOString(), endedAt: new Date(endedAtMs).toISOString(), totalMs: endedAtMs - book.startedAtMs,
      guests: book.guests, planned: book.first, plans: book.plans, plan: outcome === 'planned' ? this.plan : null, remains,
      actions: [...book.actions], incidents: [...book.incidents], runs: book.runs,
    };
    upsertMemo({ report: trimEvacuationReport(this.report) });
    this.enter('over', reason);
    return this.report;
  }
}
