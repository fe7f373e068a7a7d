import { CancellationScope, sleep } from '@temporalio/workflow';
import { messageOf } from '../../domain/errors.js';
import type { NodeName } from '../../domain/ids.js';
import { worthFencing, type InDoubt } from '../../domain/resolve/decide-in-doubt.js';
import type { MigrationRun } from '../run.js';
import { askForLife } from './ask-for-life.js';

/**
 * The fence command of a silent node, when there is one: run once, after the node was silent for as long as its configuration
 * says and while fencing it would settle the matter. Its success stands for the operator's word and has to pass the same
 * checks; anything else is recorded, and the operator is asked.
 */
export class FenceHook {
  readonly #run: MigrationRun;
  readonly #scope = new CancellationScope();
  #begun = false;
  #candidate: NodeName | null = null;
  /** What the operator is called for, after a command that failed. */
  #asked: string | null = null;

  constructor(run: MigrationRun) {
    this.#run = run;
  }

  /** Told of every round of evidence that did not settle it. */
  consider(known: InDoubt): void {
    this.#candidate = worthFencing(known);
    if (this.#candidate === null || this.#begun) return;
    this.#begun = true;
    const node = this.#candidate;
    this.#scope.run(() => this.#fence(node)).catch((error: unknown) => {
      if (!this.#scope.consideredCancelled) this.#failed(node, messageOf(error));
    });
  }

  /** It is settled: a command that has not been begun is not begun any more. */
  end(): void {
    this.#scope.cancel();
    if (this.#asked !== null) this.#run.state.waitIsOver(this.#asked);
  }

  async #fence(node: NodeName): Promise<void> {
    const { ref, steps, state, operator } = this.#run;
    const delayMs = await steps.cluster.fenceDelayMs({ ...ref, node });
    if (delayMs === null) return;
    await sleep(delayMs, { summary: `${node} is fenced if it stays silent` });
    if (this.#candidate !== node) return;
    const { done, sentence } = await steps.cluster.fenceNode({ ...ref, node });
    if (!done) return this.#failed(node, sentence);
    const { answers, silences } = await askForLife(this.#run, node);
    if (answers.length > 0) return this.#failed(node, `${sentence}, but ${answers.join('; ')}`);
    state.incident(`the fence command of ${node} stands for its HANDOVER: ${sentence}; asked afterwards: ${silences.join('; ')}`);
    operator.confirmFenced(node);
  }

  #failed(node: NodeName, cause: string): void {
    this.#run.state.incident(`fencing ${node} failed: ${cause}`);
    this.#asked = `fence ${node}`;
    this.#run.state.waitFor(this.#asked, cause);
    this.#run.state.callOperator(this.#asked);
  }
}
