import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import type { WorkflowHandle } from '@temporalio/client';

const folder = (): string => join(process.env['FERRY_HOME'] ?? '.', 'test/histories');

export const goldenNames = (): string[] => readdirSync(folder()).filter((file) => file.endsWith('.json')).map((file) => file.slice(0, -'.json'.length));

export const readGolden = (name: string): unknown => JSON.parse(readFileSync(join(folder(), `${name}.json`), 'utf8'));

export async function writeGolden(name: string, handle: WorkflowHandle): Promise<void> {
  mkdirSync(folder(), { recursive: true });
  writeFileSync(join(folder(), `${name}.json`), `${JSON.stringify(await historyOf(handle), null, 1)}\n`);
}

/** A workflow's history without what only says where it was recorded. */
export async function historyOf(handle: WorkflowHandle): Promise<unknown> {
  return JSON.parse(historyToJSON(await handle.fetchHistory()), (key, value: unknown) =>
    key === 'stackTrace' ? undefined : key === 'identity' ? 'recorder' : value) as unknown;
}
