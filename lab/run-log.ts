import type { NodeName } from '../domain/ids.js';

/** A time in which one QEMU ran the guest; `toMs` null: it still does. Wall clock: every node of a lab has the same. */
export interface RunInterval {
  readonly node: NodeName;
  readonly fromMs: number;
  readonly toMs: number | null;
}

/** Who ran the guest when, from what the QEMUs (or LXC) said, and where two of them did at once. */
export class RunLog {
  readonly #what: string;
  readonly #intervals: { node: NodeName; fromMs: number; toMs: number | null }[] = [];

  /** `what` runs the guest, for sentences. */
  constructor(what = 'QEMU') {
    this.#what = what;
  }

  get intervals(): readonly RunInterval[] {
    return this.#intervals;
  }

  /** Nodes whose QEMU runs the guest now. */
  get running(): readonly NodeName[] {
    return this.#intervals.filter((one) => one.toMs === null).map((one) => one.node);
  }

  began(node: NodeName, atMs: number): void {
    if (!this.running.includes(node)) this.#intervals.push({ node, fromMs: atMs, toMs: null });
  }

  ended(node: NodeName, atMs: number): void {
    for (const one of this.#intervals) if (one.node === node && one.toMs === null) one.toMs = atMs;
  }

  /** One sentence for each two nodes that ran the guest at the same time. */
  overlaps(): readonly string[] {
    return this.#intervals.flatMap((a, i) => this.#intervals.slice(i + 1).filter((b) => b.node !== a.node && overlap(a, b))
      .map((b) => `${this.#what} ran the guest on ${sentence(a)} and on ${sentence(b)}`));
  }
}

const overlap = (a: RunInterval, b: RunInterval): boolean => a.fromMs < (b.toMs ?? Infinity) && b.fromMs < (a.toMs ?? Infinity);

const sentence = ({ node, fromMs, toMs }: RunInterval): string =>
  `${node} from ${new Date(fromMs).toISOString()} to ${toMs === null ? 'now' : new Date(toMs).toISOString()}`;
