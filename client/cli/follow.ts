import { watchMigration, type Watched } from '../api/watch.js';
import type { FerryClient } from '../connection.js';
import type { Io } from './io.js';
import type { Presenter, RunRef } from './presenter.js';

/** Shows a run to its end. Ctrl-C detaches; the migration goes on. */
export async function follow(io: Io, client: FerryClient, run: RunRef, presenter: Presenter): Promise<Watched> {
  const interrupt = new AbortController();
  const stopListening = io.onInterrupt(() => interrupt.abort());
  try {
    const watched = await watchMigration(client, run, {
      onView: (view) => presenter.view(view),
      onNotice: (sentence) => presenter.notice(sentence),
      signal: interrupt.signal,
    });
    if (watched.kind === 'detached') presenter.detached(run);
    else presenter.ended(watched);
    return watched;
  } finally {
    stopListening();
  }
}
