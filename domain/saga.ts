import { MigrationError } from './errors.js';

/** Asked when an undo fails: try it once more (after waiting, if that helps), or leave it to the operator. */
export type OnUndoFailure = (label: string, error: unknown) => Promise<'retry' | 'give-up'>;

export interface UndoFailure {
  readonly label: string;
  readonly error: unknown;
}

/**
 * What has to be undone if this migration fails, newest first. Undo steps are idempotent: they may run twice.
 * After `commit` nothing goes back any more.
 */
export class Saga {
  readonly #steps: { readonly label: string; readonly undo: () => Promise<void> }[] = [];
  #committed = false;

  /** Add the undo *before* the step it undoes: a step that fails half way has left something too. */
  add(label: string, undo: () => Promise<void>): void {
    if (this.#committed) throw new MigrationError('Internal', `add undo failed: ${label}: the migration is committed`);
    this.#steps.push({ label, undo });
  }

  commit(): void {
    this.#committed = true;
    this.#steps.length = 0;
  }

  /**
   * Runs every undo, newest first, each until it succeeds or `onFailure` gives up on it; one failure never keeps the others
   * from running. Returns what could not be undone. Called again, it does nothing. Rejects with `Internal`, having undone
   * nothing, after `commit`.
   */
  async rollback(onFailure: OnUndoFailure): Promise<UndoFailure[]> {
    if (this.#committed) throw new MigrationError('Internal', 'roll back failed: saga: the migration is committed');
    const failures: UndoFailure[] = [];
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      const failure = await undoStep(step.label, step.undo, onFailure);
      if (failure !== null) failures.push(failure);
    }
    return failures;
  }
}

async function undoStep(label: string, undo: () => Promise<void>, onFailure: OnUndoFailure): Promise<UndoFailure | null> {
  for (;;) {
    try {
      await undo();
      return null;
    } catch (error) {
      if ((await advice(label, error, onFailure)) === 'give-up') return { label, error };
    }
  }
}

/** Asking may fail as well (the wait before a retry was cancelled): that is a "no". */
async function advice(label: string, error: unknown, onFailure: OnUndoFailure): Promise<'retry' | 'give-up'> {
  try {
    return await onFailure(label, error);
  } catch {
    return 'give-up';
  }
}
