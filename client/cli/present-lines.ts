import { renderReport } from '../../domain/report/render-text.js';
import { progressLine } from '../render/progress-line.js';
import { localTime } from '../render/local-time.js';
import type { Io } from './io.js';
import { comeBack, type Presenter } from './presenter.js';

const LINE_EVERY_MS = 1000;

/** A log: one line per change, at most one per second, each with its time as in PVE's task log. The report ends it. */
export function linePresenter(io: Io, now: () => number = Date.now): Presenter {
  let lastText = '';
  let lastAtMs = -Infinity;
  const log = (text: string): void => void io.stdout.write(`${localTime(new Date(now()))} ${text}\n`);
  return {
    started: (run, sentence) => {
      log(sentence);
      log(run.url);
    },
    view: (view) => {
      const text = progressLine(view);
      if (text === lastText || now() - lastAtMs < LINE_EVERY_MS) return;
      [lastText, lastAtMs] = [text, now()];
      log(text);
    },
    notice: log,
    ended: (ending) => void io.stdout.write(ending.kind === 'report' ? `${renderReport(ending.report)}\n` : `${ending.code}: ${ending.sentence}\n`),
    detached: (run) => void io.stdout.write(`${comeBack(run)}\n`),
  };
}
