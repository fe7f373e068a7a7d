import { CancellationScope } from '@temporalio/workflow';
import type { TargetEndpoints } from '../../domain/contracts/activities.js';
import type { ColdEndpoints } from '../../domain/contracts/cold.js';
import { codeOf, failure } from '../failures.js';
import { messageOf } from '../../domain/errors.js';
import type { MigrationRun } from '../run.js';

/** The target, listening for HANDOVER in the background from the reservation to the commit. */
export class ArmedTarget {
  readonly #scope: CancellationScope;
  readonly #over: Promise<void>;
  #failure: unknown = null;

  /** Not part of the caller's scope: a cancellation stops the source first, and the target when that is decided. */
  constructor(run: MigrationRun, endpoints: TargetEndpoints | ColdEndpoints) {
    const shield = new CancellationScope({ cancellable: false });
    this.#scope = new CancellationScope({ cancellable: true, parent: shield });
    this.#over = this.#scope
      .run(() => run.steps.target.armTarget({ ...run.planned, endpoints }))
      .then(() => undefined, (error: unknown) => {
        this.#failure = error;
      });
  }

  /** Does the work for as long as the target listens; the target's failure cancels the work and takes its place. */
  async whileListening<T>(work: () => Promise<T>): Promise<T> {
    const scope = new CancellationScope();
    void this.#over.then(() => {
      if (this.#failure !== null) scope.cancel();
    });
    try {
      return await scope.run(work);
    } catch (error) {
      throw this.#failure === null ? error : failure(codeOf(this.#failure), messageOf(this.#failure));
    }
  }

  /** Stops listening, and waits until nobody listens any more. */
  async disarm(): Promise<void> {
    this.#scope.cancel();
    await this.#over;
  }
}
