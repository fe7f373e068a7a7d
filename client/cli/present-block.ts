import { createLogUpdate } from 'log-update';
import { renderReport } from '../../domain/report/render-text.js';
import { renderProgressBlock } from '../render/progress-block.js';
import type { Io } from './io.js';
import { comeBack, type Presenter } from './presenter.js';

/** One block that is redrawn in place; it gives way to the report. */
export function blockPresenter(io: Io, startedAtMs: number): Presenter {
  // The cursor stays visible: nothing has to be restored when the process is killed.
  const block = createLogUpdate(io.stdout, { showCursor: true });
  const above = (text: string): void => {
    block.clear();
    io.stdout.write(`${text}\n`);
  };
  return {
    started: (run, sentence) => above(`${sentence}\n${run.url}`),
    view: (view) => block(renderProgressBlock(view, Date.now() - startedAtMs, io.stdout.columns)),
    notice: above,
    ended: (ending) => above(ending.kind === 'report' ? renderReport(ending.report) : `${ending.code}: ${ending.sentence}`),
    detached: (run) => {
      block.done();
      io.stdout.write(`${comeBack(run)}\n`);
    },
  };
}
