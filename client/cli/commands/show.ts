import { writeFile } from 'node:fs/promises';
import { renderReportHtml } from '../../../domain/report/render-html.js';
import { renderReport } from '../../../domain/report/render-text.js';
import { messageOf } from '../../../domain/errors.js';
import { showMigration, type ShownMigration } from '../../api/show.js';
import { ClientError } from '../../errors.js';
import { renderProgressBlock } from '../../render/progress-block.js';
import { EXIT, exitCodeOf } from '../exit-codes.js';
import { follow } from '../follow.js';
import type { Io } from '../io.js';
import { presenterFor } from '../present.js';
import { withClient } from '../with-client.js';

/** `ferry show`: exit 0 whatever the outcome was; with `--watch` on a running one, as `ferry migrate`. */
export async function showCommand(io: Io, what: string, flags: { json?: boolean; watch?: boolean; html?: string }): Promise<number> {
  return withClient(io, async (client) => {
    const shown = await showMigration(client, what);
    if (flags.watch === true && shown.ending === null) {
      const presenter = await presenterFor(io, flags, Date.parse(shown.startedAt));
      return exitCodeOf(await follow(io, client, shown, presenter));
    }
    if (flags.html !== undefined) await writePage(io, what, shown, flags.html);
    else io.stdout.write(`${flags.json === true ? JSON.stringify(jsonOf(shown), null, 2) : textOf(shown)}\n`);
    return EXIT.ok;
  });
}

function textOf({ view, ending, startedAt, url }: ShownMigration): string {
  if (ending?.kind === 'report') return renderReport(ending.report);
  if (ending !== null) return `${ending.code}: ${ending.sentence}\n${url}`;
  const progress = view === null ? '' : `${renderProgressBlock(view, Date.now() - Date.parse(startedAt), undefined)}\n`;
  return `${progress}running since ${startedAt}\n${url}`;
}

function jsonOf({ ending, view, ...run }: ShownMigration): object {
  if (ending === null) return { ...run, running: true, progress: view };
  return ending.kind === 'report' ? { ...run, running: false, report: ending.report } : { ...run, running: false, code: ending.code, sentence: ending.sentence };
}

async function writePage(io: Io, what: string, { ending }: ShownMigration, file: string): Promise<void> {
  if (ending?.kind !== 'report') {
    const why = ending === null ? 'it still runs' : ending.sentence;
    throw new ClientError('not-found', `writing ${file} failed: the migration ${what} has no report: ${why}.`);
  }
  try {
    await writeFile(file, renderReportHtml(ending.report));
  } catch (error) {
    throw new ClientError('usage', `writing failed: ${file}: ${messageOf(error)}.`, error);
  }
  io.stdout.write(`${file}\n`);
}
