import type { Ending } from '../api/outcome.js';
import type { StartedMigration } from '../api/start.js';
import type { ProgressView } from '../view.js';

/** How a migration being followed is shown. */
export interface Presenter {
  started(run: StartedMigration, sentence: string): void;
  view(view: ProgressView): void;
  /** About the watching, not about the migration. */
  notice(sentence: string): void;
  ended(ending: Ending): void;
  detached(run: RunRef): void;
}

/** Where a run is found again. */
export interface RunRef {
  readonly workflowId: string;
  readonly runId: string;
  readonly url: string;
}

/** How to come back to a migration one no longer watches. */
export function comeBack(run: RunRef): string {
  const what = /^migrate-guest-(\d+)$/.exec(run.workflowId)?.[1] ?? run.workflowId;
  return `The migration goes on. See it with \`ferry show ${what} --watch\`, stop it with \`ferry cancel ${what}\`, or in the browser:\n${run.url}`;
}
