import type { Io } from './io.js';
import type { Presenter } from './presenter.js';

/** One updating block on a terminal, one line per change elsewhere, one JSON object per line for programs. */
export async function presenterFor(io: Io, flags: { readonly json?: boolean }, startedAtMs: number): Promise<Presenter> {
  if (flags.json === true) return (await import('./present-json.js')).jsonPresenter(io);
  if (io.stdout.isTTY === true) return (await import('./present-block.js')).blockPresenter(io, startedAtMs);
  return (await import('./present-lines.js')).linePresenter(io);
}
