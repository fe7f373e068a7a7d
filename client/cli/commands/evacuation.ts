import type { EvacuationProgress } from '../../../domain/contracts/evacuation-progress.js';
import type { EvacuationReport } from '../../../domain/contracts/evacuation-report.js';
import { renderEvacuationReport } from '../../../domain/report/evacuation/render-text.js';
import { awaitRunEnding } from '../../api/evacuation/ending.js';
import { findEvacuation, tellEvacuation } from '../../api/evacuation/steer.js';
import { EVACUATION_QUERY } from '../../api/names.js';
import { workflowUrl } from '../../connection.js';
import { evacuationBlock } from '../../render/evacuation.js';
import { EXIT } from '../exit-codes.js';
import type { Io } from '../io.js';
import { withClient } from '../with-client.js';
import { followEvacuation } from './evacuate.js';

/** `ferry evacuation <word> <node>`: exit 0 when the workflow has taken it, 2 when it refused. */
export async function tellCommand(io: Io, node: string, update: string, input: object): Promise<number> {
  const answer = await withClient(io, (client) => tellEvacuation(client, node, update, { by: io.caller, ...input }));
  io.stdout.write(`${node}: ${answer}\n`);
  return EXIT.ok;
}

/** `ferry evacuation show <node>`: its progress, or its report. */
export async function showEvacuationCommand(io: Io, node: string, { json = false, watch = false, html }: { json?: boolean; watch?: boolean; html?: string }): Promise<number> {
  return withClient(io, async (client) => {
    const { workflowId, running } = await findEvacuation(client, node);
    const url = workflowUrl(client, workflowId);
    if (running && watch) return followEvacuation(io, client, { workflowId, url }, { json, ...(html === undefined ? {} : { html }) });
    const handle = client.temporal.workflow.getHandle(workflowId);
    if (running) {
      const progress = await handle.query<EvacuationProgress>(EVACUATION_QUERY);
      io.stdout.write(json ? `${JSON.stringify(progress, null, 2)}\n` : `${evacuationBlock(progress)}\n${url}\n`);
      return EXIT.ok;
    }
    const ending = await awaitRunEnding<EvacuationReport>(handle);
    if (ending.kind === 'report' && html !== undefined) await (await import('../write-page.js')).writeEvacuationPage(io, ending.report, html);
    else if (json) io.stdout.write(`${JSON.stringify(ending, null, 2)}\n`);
    else io.stdout.write(`${ending.kind === 'report' ? renderEvacuationReport(ending.report) : `${ending.code}: ${ending.sentence}`}\n`);
    return EXIT.ok;
  });
}
