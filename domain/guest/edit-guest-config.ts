import { MigrationError } from '../errors.js';
import { CONFIG_KEY, readConfigLine } from './config-lines.js';

export interface ConfigEdit {
  readonly set?: Readonly<Record<string, string>>;
  readonly delete?: readonly string[];
}

/**
 * Changes keys of the current section of a guest config. Every other byte stays: comments, unknown keys, order, the pending
 * section, snapshots. A key that is set keeps its place; a new one goes to the end of the section.
 * Throws `Internal` for a key or value that would not be read back.
 */
export function editGuestConfig(text: string, edit: ConfigEdit): string {
  const set = new Map(Object.entries(edit.set ?? {}));
  for (const [key, value] of set) refuseUnreadable(key, value);
  const removed = new Set([...(edit.delete ?? []), ...set.keys()]);
  const lines = text.split('\n');
  const sectionEnd = currentSectionEnd(lines);
  const kept = lines.slice(0, sectionEnd).flatMap((line) => {
    const read = readConfigLine(line);
    if (read.kind !== 'value' || !removed.has(read.key)) return [line];
    const value = set.get(read.key);
    set.delete(read.key);
    return value === undefined ? [] : [`${read.key}: ${value}`];
  });
  const added = [...set].map(([key, value]) => `${key}: ${value}`);
  kept.splice(lastWritten(kept) + 1, 0, ...added);
  return [...kept, ...lines.slice(sectionEnd)].join('\n');
}

function currentSectionEnd(lines: readonly string[]): number {
  const first = lines.findIndex((line) => readConfigLine(line).kind === 'section');
  return first === -1 ? lines.length : first;
}

const lastWritten = (lines: readonly string[]): number => lines.findLastIndex((line) => readConfigLine(line).kind !== 'blank');

function refuseUnreadable(key: string, value: string): void {
  const read = readConfigLine(`${key}: ${value}`);
  if (CONFIG_KEY.test(key) && !/[\r\n]/.test(value) && read.kind === 'value' && read.value === value) return;
  throw new MigrationError('Internal', `edit guest config failed: ${key}: the value would not be read back: ${JSON.stringify(value)}`);
}
