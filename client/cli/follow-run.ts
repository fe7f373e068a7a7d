import { createLogUpdate } from 'log-update';
import type { RunEnding } from '../api/evacuation/ending.js';
import { watchRun } from '../api/evacuation/watch.js';
import type { FerryClient } from '../connection.js';
import { localTime } from '../render/local-time.js';
import type { Io } from './io.js';
import type { RunRef } from './presenter.js';

export interface RunLook<R, P> {
  readonly query: string;
  /** Lines of a block. */
  readonly block: (progress: P) => string;
  /** One line of a log. */
  readonly line: (progress: P) => string;
  readonly text: (report: R) => string;
}

/** Shows a run to its end: a block on a terminal, lines elsewhere, JSON for programs. Ctrl-C detaches; the workflow goes on. */
export async function followRun<R, P>(io: Io, client: FerryClient, run: Pick<RunRef, 'workflowId' | 'url'>, look: RunLook<R, P>, json: boolean): Promise<RunEnding<R> | { readonly kind: 'detached' }> {
  const interrupt = new AbortController();
  const stopListening = io.onInterrupt(() => interrupt.abort());
  const show = json ? asJson<R, P>(io) : io.stdout.isTTY === true ? asBlock(io, look) : asLines(io, look);
  try {
    const ending = await watchRun<R, P>(client, run.workflowId, { query: look.query, onProgress: show.progress, onNotice: show.notice, signal: interrupt.signal });
    if (ending.kind === 'detached') show.notice(`it goes on: ${run.url}`);
    else show.ended(ending);
    return ending;
  } finally {
    stopListening();
  }
}

interface Show<R, P> {
  progress(progress: P): void;
  notice(sentence: string): void;
  ended(ending: RunEnding<R>): void;
}

function asJson<R, P>(io: Io): Show<R, P> {
  let last = '';
  const emit = (event: string, body: object): void => void io.stdout.write(`${JSON.stringify({ event, ...body })}\n`);
  return {
    progress: (progress) => {
      const text = JSON.stringify(progress);
      if (text === last) return;
      last = text;
      emit('progress', { at: new Date().toISOString(), ...(progress as object) });
    },
    notice: (sentence) => emit('notice', { sentence }),
    ended: (ending) => (ending.kind === 'report' ? emit('report', { report: ending.report }) : emit('failed', { code: ending.code, sentence: ending.sentence })),
  };
}

function asBlock<R, P>(io: Io, { block, text }: RunLook<R, P>): Show<R, P> {
  const area = createLogUpdate(io.stdout, { showCursor: true });
  const above = (words: string): void => {
    area.clear();
    io.stdout.write(`${words}\n`);
  };
  return { progress: (progress) => area(block(progress)), notice: above, ended: (ending) => above(wordsOf(ending, text)) };
}

function asLines<R, P>(io: Io, { line, text }: RunLook<R, P>): Show<R, P> {
  let last = '';
  const log = (words: string): void => void io.stdout.write(`${localTime(new Date())} ${words}\n`);
  return {
    progress: (progress) => {
      const words = line(progress);
      if (words !== last) log(words);
      last = words;
    },
    notice: log,
    ended: (ending) => void io.stdout.write(`${wordsOf(ending, text)}\n`),
  };
}

const wordsOf = <R>(ending: RunEnding<R>, text: (report: R) => string): string => (ending.kind === 'report' ? text(ending.report) : `${ending.code}: ${ending.sentence}`);
