import { readFile } from 'node:fs/promises';
import { MigrationError, messageOf } from '../domain/errors.js';
import { parseFerryConfig, type FerryConfig } from '../domain/edge/ferry-config.js';

const DEFAULT_CONFIG_FILE = '/etc/ferry/ferry.json';

/** The daemon's configuration from FERRY_CONFIG (default `/etc/ferry/ferry.json`). Throws `InvalidInput` with one sentence. */
export async function loadConfig(): Promise<FerryConfig> {
  const file = process.env['FERRY_CONFIG'] ?? DEFAULT_CONFIG_FILE;
  return parseFerryConfig(await readJson(file));
}

/** As `loadConfig`, for a process that acts on one node. */
export async function loadNodeConfig(): Promise<FerryConfig & { readonly node: string }> {
  const config = await loadConfig();
  if (config.node === undefined) throw new MigrationError('InvalidInput', 'read configuration failed: expected `node` (this node\'s name in the cluster), got nothing');
  return { ...config, node: config.node };
}

async function readJson(file: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    throw new MigrationError('InvalidInput', `read configuration failed: ${file}: ${messageOf(error)}; write it, or name another with FERRY_CONFIG`);
  }
}
