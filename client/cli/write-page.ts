import { writeFile } from 'node:fs/promises';
import type { EvacuationReport } from '../../domain/contracts/evacuation-report.js';
import { messageOf } from '../../domain/errors.js';
import { renderEvacuationHtml } from '../../domain/report/evacuation/render-html.js';
import { ClientError } from '../errors.js';
import type { Io } from './io.js';

/** Writes the report as a page and says where. Throws `ClientError` `usage`. */
export async function writeEvacuationPage(io: Io, report: EvacuationReport, file: string): Promise<void> {
  try {
    await writeFile(file, renderEvacuationHtml(report));
  } catch (error) {
    throw new ClientError('usage', `writing failed: ${file}: ${messageOf(error)}.`, error);
  }
  io.stderr.write(`${file}\n`);
}
