import Table from 'cli-table3';
import type { DrawnRound } from './draw.js';
import type { Round } from './round.js';

/** Counts what happened, and says so while it happens. */
export class Tally {
  readonly violations: string[] = [];
  readonly #outcomes = new Map<string, number>();
  readonly #faults = new Map<string, number>();
  readonly #begunAtMs = performance.now();
  readonly #minutes: number;

  constructor(minutes: number) {
    this.#minutes = minutes;
  }

  get isOver(): boolean {
    return performance.now() - this.#begunAtMs > this.#minutes * 60_000;
  }

  add(index: number, drawn: DrawnRound, { outcomes, faults, violations }: Round): void {
    for (const outcome of outcomes) count(this.#outcomes, outcome);
    for (const fault of faults) count(this.#faults, fault);
    this.violations.push(...violations.map((violation) => `round ${index}: ${violation}`));
    const minutes = ((performance.now() - this.#begunAtMs) / 60_000).toFixed(1);
    say(`${minutes.padStart(5)} of ${this.#minutes} min  round ${index}: ${faults.length === 0 ? 'no fault' : faults.join(', ')} → ${outcomes.join(', ')}`);
    if (violations.length > 0) say(`VIOLATIONS in round ${index}: ${JSON.stringify({ drawn, violations }, null, 1)}`);
  }

  print(restarts: number): void {
    const table = new Table({ head: ['', 'times'], style: { head: [], border: [] } });
    for (const [kind, times] of [...this.#faults].sort()) table.push([`fault: ${kind}`, times]);
    for (const [outcome, times] of [...this.#outcomes].sort()) table.push([`migration: ${outcome}`, times]);
    table.push(['guests killed by a fault and started again', restarts], ['violations', this.violations.length]);
    say(table.toString());
  }
}

function count(counts: Map<string, number>, what: string): void {
  counts.set(what, (counts.get(what) ?? 0) + 1);
}

const say = (line: string): void => void process.stdout.write(`${line}\n`);
