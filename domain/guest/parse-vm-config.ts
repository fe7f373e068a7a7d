import type { Vmid } from '../ids.js';
import { readConfigSections } from './config-sections.js';
import { parseDrive } from './drive.js';
import { isKnownKey } from './known-keys.js';
import { parseNet } from './net.js';
import { parseBoolean, parsePropertyString, type Parsed } from './property-string.js';
import type { VmConfig } from './vm-config.js';

export interface ParsedVmConfig {
  readonly config: VmConfig;
  /** What could not be parsed, one sentence each. A caller that acts on the config refuses when there are any. */
  readonly problems: readonly string[];
}

const DEFAULT_MEMORY_MIB = 512;

/** Parses PVE's `qemu-server/<vmid>.conf`. Always returns a config; what it could not read is in `problems`. */
export function parseVmConfig(vmid: Vmid, text: string): ParsedVmConfig {
  const { current: values, pending, snapshots, problems: lineProblems } = readConfigSections(text);
  const problems = [...lineProblems];
  const note = (key: string, found: readonly string[]): void => void problems.push(...found.map((problem) => `${key}: ${problem}`));
  const whole = (key: string, written: string | undefined, fallback: number): number => {
    if (written === undefined || /^[1-9]\d*$/.test(written)) return Number(written ?? fallback);
    note(key, [`expected a whole number from 1, got '${written}'`]);
    return fallback;
  };
  const flag = (key: string, fallback: boolean): boolean => {
    const parsed = parseBoolean(values[key] ?? (fallback ? '1' : '0'));
    if (parsed === null) note(key, [`expected 0 or 1, got '${values[key]}'`]);
    return parsed ?? fallback;
  };
  const main = (key: string, defaultKey: string): string | undefined => {
    if (values[key] === undefined) return undefined;
    const { properties, problems: found } = parsePropertyString(values[key], defaultKey);
    note(key, found);
    return properties[defaultKey];
  };
  const config: VmConfig = {
    vmid, values, pending, snapshots, text,
    name: values['name'] ?? `VM ${vmid}`,
    lock: values['lock'] ?? null,
    memoryMiB: whole('memory', main('memory', 'current'), DEFAULT_MEMORY_MIB),
    sockets: whole('sockets', values['sockets'], 1),
    cores: whole('cores', values['cores'], 1),
    cpu: values['cpu'] ?? null,
    kvm: flag('kvm', true),
    machine: main('machine', 'type') ?? null,
    template: flag('template', false),
    drives: each(values, /^(?:ide|sata|scsi|virtio)\d+$/, parseDrive, note),
    nets: each(values, /^net\d+$/, parseNet, note),
    unknownKeys: Object.keys(values).filter((key) => !isKnownKey(key)),
  };
  return { config, problems };
}

type Note = (key: string, found: readonly string[]) => void;

/** Names beyond PVE's limits are parsed too: a drive that can't exist is a problem, not an unknown key. */
function each<T>(values: VmConfig['values'], keys: RegExp, parse: (key: string, value: string) => Parsed<T>, note: Note): T[] {
  return Object.entries(values).filter(([key]) => keys.test(key)).flatMap(([key, value]) => {
    const parsed = parse(key, value);
    note(key, parsed.problems);
    return parsed.value === null ? [] : [parsed.value];
  });
}
