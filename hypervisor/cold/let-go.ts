import type { MigrationError } from '../../domain/errors.js';

/** A guest that is down does not wait longer for a target that may be gone. */
const LET_GO_MS = 2500;

/** Lets go of those who wait for a work that goes on without them. */
export class LetGo {
  #reject: (reason: MigrationError) => void = () => undefined;
  readonly #gone = new Promise<never>((_resolve, reject) => { this.#reject = reject; });

  constructor() {
    this.#gone.catch(() => undefined);
  }

  /** The work's end, or that they were let go. */
  waitFor<T>(work: Promise<T>): Promise<T> {
    return Promise.race([work, this.#gone]);
  }

  soon(reason: MigrationError): void {
    setTimeout(() => this.#reject(reason), LET_GO_MS).unref();
  }
}
