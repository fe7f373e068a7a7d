import { existsSync, readFileSync } from 'node:fs';
import type { Seen } from './run-row.js';

/** One line of the results file: a row and what was seen of it. */
export interface Result {
  readonly row: string;
  readonly seconds: number;
  readonly seen: Seen | null;
  /** Why there is nothing to see. */
  readonly broken: string | null;
}

export const isGood = ({ seen }: Result): boolean => seen !== null && seen.problems.length === 0;

/** The last result of each row. */
export function readResults(file: string): readonly Result[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line) as Result);
  return [...new Map(lines.map((result) => [result.row, result])).values()];
}
