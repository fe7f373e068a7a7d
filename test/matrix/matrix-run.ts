import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { messageOf } from '../../domain/errors.js';
import { MatrixCluster } from './cluster.js';
import { isGood, type Result } from './results.js';
import type { Row } from './row.js';
import { runRow } from './run-row.js';

/** Every worker has a lab and takes the next row; a lab in which a row did not hold is thrown away. */
export class MatrixRun {
  readonly results: Result[] = [];
  readonly #todo: Row[];
  readonly #total: number;
  readonly #file: string;
  readonly #untilMs: number;
  readonly #begunAtMs = performance.now();

  readonly #up = new Set<MatrixCluster>();

  /** `file`: gets each result as one JSON line. `forMs`: no row is begun after that time. */
  constructor(rows: readonly Row[], { file, forMs }: { readonly file: string; readonly forMs: number }) {
    this.#todo = [...rows].sort((a, b) => a.setup.localeCompare(b.setup));
    this.#total = rows.length;
    this.#file = file;
    this.#untilMs = performance.now() + forMs;
  }

  /** Begins no row any more and takes down every lab. */
  async stop(): Promise<void> {
    this.#todo.length = 0;
    await Promise.all([...this.#up].map((cluster) => this.#down(cluster)));
  }

  async work(): Promise<void> {
    let cluster: MatrixCluster | null = null;
    for (let row = this.#next(cluster); row !== undefined; row = this.#next(cluster)) {
      if (cluster?.setup !== row.setup) {
        await this.#down(cluster);
        cluster = await MatrixCluster.up(mkdtempSync(join(tmpdir(), 'matrix-')), row.setup);
        this.#up.add(cluster);
      }
      const result = await tryRow(cluster, row);
      this.#tell(result);
      if (isGood(result)) continue;
      await this.#down(cluster);
      cluster = null;
    }
    await this.#down(cluster);
  }

  /** One that the lab at hand can do, if there is any. */
  #next(cluster: MatrixCluster | null): Row | undefined {
    if (performance.now() > this.#untilMs) return undefined;
    const at = this.#todo.findIndex(({ setup }) => cluster === null || setup === cluster.setup);
    return this.#todo.splice(Math.max(at, 0), 1)[0];
  }

  async #down(cluster: MatrixCluster | null): Promise<void> {
    if (cluster === null || !this.#up.delete(cluster)) return;
    await cluster.down();
    rmSync(cluster.lab.dir, { recursive: true, force: true });
  }

  #tell(result: Result): void {
    this.results.push(result);
    appendFileSync(this.#file, `${JSON.stringify(result)}\n`);
    const left = ((performance.now() - this.#begunAtMs) / this.results.length) * (this.#total - this.results.length);
    const { seen, broken } = result;
    const what = seen === null ? `BROKEN: ${broken}` : `${seen.outcome}, guest ${seen.guest} on the ${seen.owner}, silent ${seen.silentMs} ms, ${seen.totalMs} ms`;
    console.log(`${this.results.length}/${this.#total} ${isGood(result) ? 'ok ' : 'BAD'} ${result.row}: ${what} (${result.seconds.toFixed(0)} s, ${(left / 60_000).toFixed(0)} min left)`);
    for (const problem of seen?.problems ?? []) console.log(`      ${problem}`);
  }
}

async function tryRow(cluster: MatrixCluster, row: Row): Promise<Result> {
  const begunAtMs = performance.now();
  const seen = await runRow(cluster, row).catch((error: unknown) => messageOf(error));
  const seconds = (performance.now() - begunAtMs) / 1000;
  return typeof seen === 'string' ? { row: row.name, seconds, seen: null, broken: seen } : { row: row.name, seconds, seen, broken: null };
}

