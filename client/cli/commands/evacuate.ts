import { parseEvacuationRequest } from '../../../domain/edge/evacuation-request.js';
import type { EvacuationProgress } from '../../../domain/contracts/evacuation-progress.js';
import type { EvacuationOutcome, EvacuationReport } from '../../../domain/contracts/evacuation-report.js';
import type { RunEnding } from '../../api/evacuation/ending.js';
import type { FerryClient } from '../../connection.js';
import { EXIT } from '../exit-codes.js';
import { rawEvacuation, type EvacuationFlags } from '../evacuation-request.js';
import type { Io } from '../io.js';
import type { RunRef } from '../presenter.js';

export interface EvacuateFlags extends EvacuationFlags {
  readonly dryRun?: boolean;
  readonly json?: boolean;
  readonly wait?: boolean;
  readonly schedule?: string;
  readonly html?: string;
}

/** `ferry evacuate`: starts it and shows it to its end. Exit 0 only for a node that is proved empty (or a dry run), 1 when something stays. */
export async function evacuateCommand(io: Io, node: string, { json = false, wait = true, dryRun = false, schedule, html, ...flags }: EvacuateFlags): Promise<number> {
  const raw = { ...rawEvacuation(node, flags, io.caller), ...(dryRun ? { dryRun } : {}) };
  parseEvacuationRequest(raw);
  const [{ withClient }, { startEvacuation, scheduleEvacuation }] = await Promise.all([import('../with-client.js'), import('../../api/evacuation/start.js')]);
  return withClient(io, async (client) => {
    if (schedule !== undefined) {
      const scheduleId = await scheduleEvacuation(client, node, raw, schedule);
      io.stdout.write(json ? `${JSON.stringify({ event: 'scheduled', scheduleId })}\n` : `scheduled: ${scheduleId}: ${schedule}; \`temporal schedule describe -s ${scheduleId}\` shows it\n`);
      return EXIT.ok;
    }
    const run = await startEvacuation(client, node, raw);
    io.stdout.write(json ? `${JSON.stringify({ event: 'started', ...run })}\n` : `${run.url}\n`);
    if (!wait) return EXIT.ok;
    return followEvacuation(io, client, run, { json, ...(html === undefined ? {} : { html }) });
  });
}

/** Shows an evacuation, or coming home, to its end; `html`: where its report goes as a page. */
export async function followEvacuation(io: Io, client: FerryClient, run: Pick<RunRef, 'workflowId' | 'url'>, { json, html }: { readonly json: boolean; readonly html?: string }): Promise<number> {
  const [{ followRun }, { evacuationBlock, evacuationLine }, { renderEvacuationReport }, { EVACUATION_QUERY }] = await Promise.all([
    import('../follow-run.js'), import('../../render/evacuation.js'), import('../../../domain/report/evacuation/render-text.js'), import('../../api/names.js'),
  ]);
  const look = { query: EVACUATION_QUERY, block: evacuationBlock, line: evacuationLine, text: renderEvacuationReport };
  const ending = await followRun<EvacuationReport, EvacuationProgress>(io, client, run, look, json);
  if (ending.kind === 'report' && html !== undefined) await (await import('../write-page.js')).writeEvacuationPage(io, ending.report, html);
  return ending.kind === 'detached' ? EXIT.detached : exitCodeOfEvacuation(ending);
}

const BY_OUTCOME: Readonly<Record<EvacuationOutcome, number>> = {
  empty: EXIT.ok, planned: EXIT.ok, home: EXIT.ok, 'not-empty': EXIT.leftover, 'not-home': EXIT.leftover, stopped: EXIT.leftover, cancelled: EXIT.cancelled,
};

export function exitCodeOfEvacuation(ending: RunEnding<EvacuationReport>): number {
  if (ending.kind === 'report') return BY_OUTCOME[ending.report.outcome];
  if (ending.code === 'Cancelled') return EXIT.cancelled;
  return ending.code === 'InvalidInput' ? EXIT.usage : ending.code === 'NodeCordoned' ? EXIT.refused : EXIT.internal;
}
