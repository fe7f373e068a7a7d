import { parseBoolean, splitList } from '../guest/property-string.js';
import { STORAGE_ID } from '../storage/storage-map.js';
import { parseBwlimit } from './bwlimit.js';
import { ALWAYS_SHARED, DEFAULT_CONTENT, MOUNTED_UNDER_PVE } from './storage-types.js';
import { readSections, type ConfigSection } from './section-config.js';
import type { StorageConfig } from './storage-config.js';

export interface ParsedStorageConfig {
  readonly storages: readonly StorageConfig[];
  /** What could not be parsed, one sentence each. */
  readonly problems: readonly string[];
}

/** Parses PVE's `storage.cfg`. `local` is there on every node even when the file does not name it. */
export function parseStorageConfig(text: string): ParsedStorageConfig {
  const { sections, problems: lineProblems } = readSections(text);
  const problems = [...lineProblems];
  const storages = sections.map((section) => toStorage(section, (problem) => problems.push(`${section.id}: ${problem}`)));
  return { storages: storages.some(({ id }) => id === LOCAL.id) ? storages : [LOCAL, ...storages], problems };
}

const LOCAL: StorageConfig = {
  id: 'local', type: 'dir', path: '/var/lib/vz', content: ['backup', 'images', 'import', 'iso', 'rootdir', 'snippets', 'vztmpl'],
  nodes: null, shared: false, disabled: false, bwlimitKiBps: {}, values: {},
};

function toStorage({ type, id, values }: ConfigSection, note: (problem: string) => void): StorageConfig {
  if (!STORAGE_ID.test(id)) note(`storage ID '${id}' contains illegal characters`);
  const { bwlimit, content, nodes, path } = values;
  const limits = bwlimit === undefined ? null : parseBwlimit(bwlimit);
  limits?.problems.forEach(note);
  const flag = (key: string): boolean => {
    const parsed = parseBoolean(values[key] ?? '0');
    if (parsed === null) note(`${key}: expected 0 or 1, got '${values[key]}'`);
    return parsed ?? false;
  };
  const marked = flag('shared');
  return {
    id, type, values,
    path: path ?? (MOUNTED_UNDER_PVE.includes(type) ? `/mnt/pve/${id}` : id === LOCAL.id ? LOCAL.path : null),
    content: content === undefined ? (DEFAULT_CONTENT[type] ?? ['images']) : splitList(content),
    // PVE never restricts `local` to some nodes.
    nodes: nodes === undefined || id === LOCAL.id ? null : splitList(nodes),
    shared: ALWAYS_SHARED.includes(type) || marked,
    disabled: flag('disable'),
    bwlimitKiBps: limits?.limits ?? {},
  };
}
