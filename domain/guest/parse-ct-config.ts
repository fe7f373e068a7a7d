import type { Vmid } from '../ids.js';
import { readConfigSections } from './config-sections.js';
import type { CtConfig } from './ct-config.js';
import { isKnownCtKey } from './ct-known-keys.js';
import { parseCtMount } from './ct-mount.js';
import { parseCtNet } from './ct-net.js';
import { isVolid } from './drive.js';
import { parseBoolean, parsePropertyString, type Parsed } from './property-string.js';

export interface ParsedCtConfig {
  readonly config: CtConfig;
  /** What could not be parsed, one sentence each. A caller that acts on the config refuses when there are any. */
  readonly problems: readonly string[];
}

/** PVE's, of memory and of swap. */
const DEFAULT_MIB = 512;

/** Parses PVE's `lxc/<vmid>.conf`. Always returns a config; what it could not read is in `problems`. */
export function parseCtConfig(vmid: Vmid, text: string): ParsedCtConfig {
  const { current: values, pending, snapshots, lxc, problems: lineProblems } = readConfigSections(text, 'lxc');
  const problems = [...lineProblems];
  const note: Note = (key, found) => void problems.push(...found.map((problem) => `${key}: ${problem}`));
  const number = <F>(key: string, fallback: F, form: RegExp, what: string): number | F => {
    const written = values[key];
    if (written === undefined || form.test(written)) return written === undefined ? fallback : Number(written);
    note(key, [`expected ${what}, got '${written}'`]);
    return fallback;
  };
  const flag = (key: string): boolean => {
    const parsed = parseBoolean(values[key] ?? '0');
    if (parsed === null) note(key, [`expected 0 or 1, got '${values[key]}'`]);
    return parsed ?? false;
  };
  const features = parsePropertyString(values['features'] ?? '');
  note('features', features.problems);
  const [rootfs = null] = each(values, /^rootfs$/, parseCtMount, note);
  if (values['rootfs'] === undefined) note('rootfs', ['the container has none']);
  const config: CtConfig = {
    vmid, values, pending, snapshots, text, lxc, rootfs,
    hostname: values['hostname'] ?? `CT${vmid}`,
    arch: values['arch'] ?? 'amd64',
    ostype: values['ostype'] ?? 'unmanaged',
    lock: values['lock'] ?? null,
    memoryMiB: number('memory', DEFAULT_MIB, /^[1-9]\d*$/, 'a whole number from 1'),
    swapMiB: number('swap', DEFAULT_MIB, /^\d+$/, 'a whole number'),
    cores: number('cores', null, /^[1-9]\d*$/, 'a whole number from 1'),
    cpuLimit: number('cpulimit', null, /^\d+(?:\.\d+)?$/, 'a number') || null,
    cpuUnits: number('cpuunits', null, /^\d+$/, 'a whole number') || null,
    unprivileged: flag('unprivileged'), template: flag('template'), protection: flag('protection'),
    features: features.properties,
    mountPoints: each(values, /^mp\d+$/, parseCtMount, note).sort((a, b) => (a.index ?? 0) - (b.index ?? 0)),
    unused: each(values, /^unused\d+$/, parseUnused, note),
    nets: each(values, /^net\d+$/, parseCtNet, note),
    devices: each(values, /^dev\d+$/, parseDevice, note),
    unknownKeys: Object.keys(values).filter((key) => !isKnownCtKey(key)),
  };
  return { config, problems };
}

type Note = (key: string, found: readonly string[]) => void;

function each<T>(values: CtConfig['values'], keys: RegExp, parse: (key: string, value: string) => Parsed<T>, note: Note): T[] {
  return Object.entries(values).filter(([key]) => keys.test(key)).flatMap(([key, value]) => {
    const parsed = parse(key, value);
    note(key, parsed.problems);
    return parsed.value === null ? [] : [parsed.value];
  });
}

const parseUnused = (key: string, text: string): Parsed<CtConfig['unused'][number]> =>
  isVolid(text) ? { value: { key, volid: text }, problems: [] } : { value: null, problems: [`not a volume: '${text}'`] };

function parseDevice(key: string, text: string): Parsed<CtConfig['devices'][number]> {
  const { properties: { path, ...options }, problems } = parsePropertyString(text, 'path');
  if (path?.startsWith('/dev/') !== true) return { value: null, problems: [...problems, `not the path of a device: '${text}'`] };
  return { value: { key, path, options }, problems };
}
