import type { Volid } from '../ids.js';
import { readConfigLine } from './config-lines.js';
import { formatSize } from './size.js';

/** Where a volume's content is after the move. */
export interface VolumeMoved {
  readonly from: Volid;
  readonly to: Volid;
  /** Of an image whose format has changed, or may have. */
  readonly format?: 'raw' | 'qcow2';
  /** What it really has: the `size` in the config is informational and may be wrong (PVE repairs it too). */
  readonly sizeBytes?: number;
}

/**
 * A guest config's text with every mention of a moved volume, in every section, on its new place. Format and size of attached
 * ones are written out where the line had them. Every other byte stays.
 */
export function moveVolumes(text: string, moves: readonly VolumeMoved[]): string {
  const byVolid = new Map(moves.map((move) => [move.from, move]));
  let isCurrent = true;
  return text.split('\n').map((line) => {
    const read = readConfigLine(line);
    if (read.kind === 'section') isCurrent = false;
    if (read.kind !== 'value') return line;
    const [first = '', ...options] = read.value.split(',');
    const named = /^((?:file|volume)=)?(.+)$/.exec(first);
    const move = named?.[2] === undefined ? undefined : byVolid.get(named[2]);
    if (move === undefined) return line;
    const kept = options.map((option) => repaired(option, move, isCurrent));
    return `${read.key}: ${[`${named?.[1] ?? ''}${move.to}`, ...kept].join(',')}`;
  }).join('\n');
}

function repaired(option: string, { format, sizeBytes }: VolumeMoved, isCurrent: boolean): string {
  if (option.startsWith('format=') && format !== undefined) return `format=${format}`;
  // A snapshot remembers the size of its time.
  if (option.startsWith('size=') && sizeBytes !== undefined && isCurrent) return `size=${formatSize(sizeBytes)}`;
  return option;
}
