import { setCurrentDetails, upsertMemo } from '@temporalio/workflow';
import type { RollProgress, RollReport, RolledNode, RollNodeState } from '../../domain/contracts/roll.js';
import type { NodeName } from '../../domain/ids.js';
import { cutTo, plainMarkdown } from '../../domain/progress/markdown.js';

const MOST_BYTES = 2000;

/** A roll while it runs: behind the query and the current details. */
export class RollState {
  readonly startedAtMs: number;
  readonly runs: number;
  readonly #nodes: Map<NodeName, RolledNode>;
  /** Nodes of which somebody said that their maintenance is over. */
  readonly ready = new Set<NodeName>();

  constructor(nodes: readonly RolledNode[], startedAtMs: number, runs: number) {
    this.#nodes = new Map(nodes.map((node) => [node.node, node]));
    this.startedAtMs = startedAtMs;
    this.runs = runs;
    this.#publish();
  }

  get nodes(): readonly RolledNode[] {
    return [...this.#nodes.values()];
  }

  get progress(): RollProgress {
    return { nodes: this.nodes, startedAtMs: this.startedAtMs, runs: this.runs };
  }

  get failed(): readonly RolledNode[] {
    return this.nodes.filter(({ state }) => state === 'failed');
  }

  node(name: NodeName): RolledNode | null {
    return this.#nodes.get(name) ?? null;
  }

  enter(name: NodeName, state: RollNodeState, change: Partial<RolledNode> = {}): void {
    const node = this.#nodes.get(name);
    if (node === undefined) return;
    const isOver = state === 'done' || state === 'failed';
    this.#nodes.set(name, { ...node, state, reason: '', ...change, startedAtMs: node.startedAtMs ?? Date.now(), endedAtMs: isOver ? Date.now() : null });
    this.#publish();
  }

  finish(outcome: RollReport['outcome'], reason: string): RollReport {
    const report: RollReport = { ...this.progress, outcome, reason, endedAtMs: Date.now() };
    upsertMemo({ report });
    this.#publish();
    return report;
  }

  /** Nodes somebody is at work on, or that failed, come first. */
  #publish(): void {
    const rank = ({ state }: RolledNode): number => (state === 'failed' ? 0 : state === 'waiting' ? 2 : state === 'done' ? 3 : 1);
    const rows = [...this.nodes].sort((a, b) => rank(a) - rank(b)).map(({ node, state, reason }) => `| ${node}&emsp; | ${state}&emsp; | ${plainMarkdown(cutTo(reason, 120))} |`);
    const done = this.nodes.filter(({ state }) => state === 'done').length;
    setCurrentDetails(cutTo([`### Rolling maintenance: ${done} of ${this.nodes.length} nodes done`, '', '| node&emsp; | state&emsp; | |', '| :-- | :-- | :-- |', ...rows].join('\n'), MOST_BYTES));
  }
}
