import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { WorkflowHandle } from '@temporalio/client';
import { awaitEnding, type Ending } from '../../../client/api/outcome.js';
import type { Lab } from '../../../lab/lab.js';

/** Below a test's own limit, which can't say what the lab was at. */
const LIMIT_MS = 200_000;
const LAST_CHARS = 150;

/** The ending, if it comes in time; else an error that says what the migration waits for and what each process of the lab said last. */
export async function endingInTime(lab: Lab, handle: WorkflowHandle): Promise<Ending> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => { timer = setTimeout(resolve, LIMIT_MS, null); });
  try {
    const ending = await Promise.race([awaitEnding(handle), late]);
    if (ending !== null) return ending;
  } finally {
    clearTimeout(timer);
  }
  const { raw } = await handle.describe();
  const pending = (raw.pendingActivities ?? []).map(({ activityType, attempt, lastFailure }) => `${activityType?.name}, attempt ${attempt}: ${lastFailure?.message ?? 'no failure'}`);
  const said = await Promise.all([...lab.nodes.map((node) => `nodes/${node}/agent/log`), 'control/log'].map((file) => lastOf(lab, file)));
  throw new Error(`no ending within ${LIMIT_MS / 1000} s; it waits for ${pending.join('; ') || 'no activity'}; ${said.join('; ')}`);
}

async function lastOf(lab: Lab, file: string): Promise<string> {
  const text = await readFile(join(lab.dir, file), 'utf8').catch(() => '');
  const line = text.trimEnd().split('\n').at(-1) ?? '';
  return `${file}: ${line.replace(/^.*"name":/, '').slice(0, LAST_CHARS)}`;
}
