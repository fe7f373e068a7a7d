/** What rsync says about a pass, with `RSYNC_OPTIONS`. */
export interface RsyncReport {
  /** To the target, protocol included. */
  readonly sentBytes: number;
  readonly transferredFiles: number;
  /** Of every kind, directories too. */
  readonly files: number;
  readonly changes: number;
  /** Relative to the tree; only the first ones of many. What was removed is among them. */
  readonly changedPaths: readonly string[];
}

const MOST_PATHS = 1000;

/** Itemized lines begin with eleven signs or `*deleting`; the figures are plain numbers in the C locale. */
export function parseRsyncOutput(stdout: string): RsyncReport {
  const lines = stdout.split('\n');
  const changed = lines.flatMap((line) => {
    const item = ITEM.exec(line);
    return item === null ? [] : [unescape(item[1] as string)];
  });
  const figure = (name: string): number => Number(lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2).match(/^[\d,]+/)?.[0].replaceAll(',', '') ?? 0);
  return {
    sentBytes: figure('Total bytes sent'),
    transferredFiles: figure('Number of regular files transferred'),
    files: figure('Number of files'),
    changes: changed.length,
    changedPaths: changed.slice(0, MOST_PATHS),
  };
}

const ITEM = /^(?:[<>ch.][fdLDS][^|]{9}|\*deleting +)\|(.*)$/;

/** rsync(1), `--8-bit-output`: what is not printable comes as `\#` and three octal digits, byte by byte. */
function unescape(name: string): string {
  if (!name.includes('\\#')) return name;
  const bytes: number[] = [];
  for (const part of name.split(/(\\#[0-7]{3})/)) {
    if (/^\\#[0-7]{3}$/.test(part)) bytes.push(Number.parseInt(part.slice(2), 8));
    else bytes.push(...Buffer.from(part, 'utf8'));
  }
  return Buffer.from(bytes).toString('utf8');
}
