import { readConfigLine } from './config-lines.js';

type Values = Readonly<Record<string, string>>;

/** One `lxc.*` line. */
export interface LxcLine {
  readonly key: string;
  readonly value: string;
}

/** A guest config by sections, values as written. */
export interface ConfigSections {
  readonly current: Values;
  readonly pending: Values;
  readonly snapshots: Readonly<Record<string, Values>>;
  /** The current section's `lxc.*` lines, in order: a key may stand there several times. */
  readonly lxc: readonly LxcLine[];
  readonly problems: readonly string[];
}

/**
 * Splits the text. The last of several lines with one key counts, as in PVE, but is reported. Only containers have
 * `lxc.*` lines: elsewhere they are a problem.
 */
export function readConfigSections(text: string, kind: 'qemu' | 'lxc' = 'qemu'): ConfigSections {
  const current = new Map<string, string>();
  const pending = new Map<string, string>();
  const snapshots = new Map<string, Map<string, string>>();
  const lxc: LxcLine[] = [];
  const problems: string[] = [];
  let where = '';
  let section: Map<string, string> | null = current;
  for (const line of text.split('\n')) {
    const read = readConfigLine(line);
    if (read.kind === 'section') {
      where = ` in [${read.name}]`;
      section = openSection(read.name, pending, snapshots);
      if (section === null) problems.push(`unknown section [${read.name}]`);
    } else if (read.kind === 'lxc' && kind === 'lxc') {
      if (section === current) lxc.push({ key: read.key, value: read.value });
    } else if (read.kind === 'unknown' || read.kind === 'lxc') problems.push(`unable to parse config: ${read.text}${where}`);
    else if (read.kind === 'value' && section !== null) {
      if (section.has(read.key)) problems.push(`${read.key} is given twice${where}`);
      section.set(read.key, read.value);
    }
  }
  return {
    current: Object.fromEntries(current),
    pending: Object.fromEntries(pending),
    lxc,
    snapshots: Object.fromEntries([...snapshots].map(([name, values]) => [name, Object.fromEntries(values)])),
    problems,
  };
}

/** null: a name that is no section. */
function openSection(name: string, pending: Map<string, string>, snapshots: Map<string, Map<string, string>>): Map<string, string> | null {
  if (/^(pve:)?pending$/i.test(name)) return pending;
  if (/^special:[a-z-]+$/.test(name)) return new Map();
  if (!/^[a-z][a-z0-9_-]+$/i.test(name)) return null;
  const snapshot = snapshots.get(name) ?? new Map<string, string>();
  snapshots.set(name, snapshot);
  return snapshot;
}
