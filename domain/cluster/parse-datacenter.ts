import type { MigrationType } from '../contracts/request.js';
import { parseBoolean, parsePropertyString } from '../guest/property-string.js';
import { parseBwlimit } from './bwlimit.js';
import type { DatacenterConfig } from './datacenter-config.js';
import { networkOf } from './network-of.js';

export interface ParsedDatacenterConfig {
  readonly config: DatacenterConfig;
  /** What could not be parsed, one sentence each: a caller refuses, and never falls back to the defaults in `config`. */
  readonly problems: readonly string[];
}

type Migration = DatacenterConfig['migration'];

const MIGRATION_TYPES: readonly MigrationType[] = ['secure', 'insecure', 'tls'];
const DEFAULT_MIGRATION: Migration = { type: 'secure', network: null };

/** Parses what a migration needs of PVE's `datacenter.cfg`; keys of other concerns are left alone. */
export function parseDatacenterConfig(text: string): ParsedDatacenterConfig {
  const { values, problems: lineProblems } = readLines(text);
  const migration = parseMigration(values);
  const bwlimit = values.has('bwlimit') ? parseBwlimit(values.get('bwlimit') ?? '') : { limits: {}, problems: [] };
  return {
    config: { migration: migration.value, bwlimitKiBps: bwlimit.limits },
    problems: [...lineProblems, ...migration.problems, ...bwlimit.problems],
  };
}

function readLines(text: string): { readonly values: ReadonlyMap<string, string>; readonly problems: readonly string[] } {
  const values = new Map<string, string>();
  const problems: string[] = [];
  for (const line of text.split('\n').filter((raw) => raw.trim() !== '' && !raw.startsWith('#'))) {
    const [, key, value] = /^([^\s:]+):\s*(.*?)\s*$/.exec(line) ?? [];
    if (key === undefined || value === undefined) problems.push(`unable to parse line: ${line.trim()}`);
    else if (values.has(key)) problems.push(`${key} is given twice`);
    else values.set(key, value);
    // A mistyped name would silently mean the management network.
    if (key !== undefined && /^migrat/i.test(key) && key !== 'migration' && key !== 'migration_unsecure') problems.push(`unknown key '${key}', expected migration`);
  }
  return { values, problems };
}

interface ParsedMigration {
  readonly value: Migration;
  readonly problems: readonly string[];
}

function parseMigration(values: ReadonlyMap<string, string>): ParsedMigration {
  const legacy = values.get('migration_unsecure');
  const unsecure = legacy === undefined ? false : parseBoolean(legacy);
  const problems = unsecure === null ? [`migration_unsecure: expected 0 or 1, got '${legacy}'`] : [];
  const text = values.get('migration');
  if (text === undefined) return { value: unsecure === true ? { type: 'insecure', network: null } : DEFAULT_MIGRATION, problems };
  const parsed = parseMigrationText(text);
  return { value: parsed.value, problems: [...problems, ...parsed.problems.map((problem) => `migration: ${problem}`)] };
}

function parseMigrationText(text: string): ParsedMigration {
  const { properties, problems: found } = parsePropertyString(text, 'type');
  const { type, network, ...unknown } = properties;
  const known = MIGRATION_TYPES.find((name) => name === (type ?? DEFAULT_MIGRATION.type));
  const cidr = network === undefined ? null : networkOf(network);
  const problems = [...found, ...Object.keys(unknown).map((key) => `unknown key '${key}', expected type and network`)];
  if (Object.keys(properties).length === 0 && found.length === 0) problems.push('no value given');
  if (known === undefined) problems.push(`type: expected ${MIGRATION_TYPES.join(', ')}, got '${type}'`);
  if (network !== undefined && cidr === null) problems.push(`network: expected a CIDR such as 10.1.2.0/24, got '${network}'`);
  return { value: { type: known ?? DEFAULT_MIGRATION.type, network: cidr }, problems };
}
