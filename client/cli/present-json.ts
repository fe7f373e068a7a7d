import type { Io } from './io.js';
import type { Presenter } from './presenter.js';

/** NDJSON: `{"event": "started" | "progress" | "notice" | "report" | "failed" | "detached", …}`; a progress line only when something changed. */
export function jsonPresenter(io: Io): Presenter {
  let last = '';
  const emit = (event: string, body: object): void => void io.stdout.write(`${JSON.stringify({ event, ...body })}\n`);
  return {
    started: (run) => emit('started', run),
    view: (view) => {
      const text = JSON.stringify(view);
      if (text === last) return;
      last = text;
      emit('progress', { at: new Date().toISOString(), ...view });
    },
    notice: (sentence) => emit('notice', { sentence }),
    ended: (ending) => (ending.kind === 'report' ? emit('report', { report: ending.report }) : emit('failed', { code: ending.code, sentence: ending.sentence })),
    detached: (run) => emit('detached', run),
  };
}
