import { readFile } from 'node:fs/promises';
import { MigrationError, messageOf } from '../domain/errors.js';
import { parseFerryConfig, type FerryConfig } from '../domain/edge/ferry-config.js';

const DEFAULT_CONFIG_FILE = '/etc/ferry/ferry.json';

/** Environment variables that stand above the file, by the key they set. */
const ENVIRONMENT = { pveRoot: 'FERRY_PVE_ROOT', stateDir: 'FERRY_STATE_DIR', node: 'FERRY_NODE' } as const;

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The daemon's configuration: the file FERRY_CONFIG names, else `/etc/ferry/ferry.json` if it is there; then the environment.
 * Throws `InvalidInput` with one sentence.
 */
export async function loadConfig(env: Environment = process.env): Promise<FerryConfig> {
  const raw = await readFileOf(env);
  const above = Object.fromEntries(Object.entries(ENVIRONMENT).flatMap(([key, name]) => (env[name] ? [[key, env[name]]] : [])));
  const mergeable = typeof raw === 'object' && raw !== null && !Array.isArray(raw);
  return parseFerryConfig(mergeable ? { ...raw, ...above } : raw);
}

/** As `loadConfig`, for a process that acts on one node. */
export async function loadNodeConfig(env: Environment = process.env): Promise<FerryConfig & { readonly node: string }> {
  const config = await loadConfig(env);
  if (config.node === undefined) {
    const remedy = `write it to ${env['FERRY_CONFIG'] || DEFAULT_CONFIG_FILE}, or set ${ENVIRONMENT.node}`;
    throw new MigrationError('InvalidInput', `read configuration failed: expected \`node\` (this node's name in the cluster), got nothing; ${remedy}`);
  }
  return { ...config, node: config.node };
}

async function readFileOf(env: Environment): Promise<unknown> {
  const named = env['FERRY_CONFIG'];
  const file = named || DEFAULT_CONFIG_FILE;
  try {
    return JSON.parse(await readFile(file, 'utf8'));
  } catch (error) {
    // Every key has a default or a variable; a file that was named, or is there and can't be read, is a mistake.
    if (!named && (error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw new MigrationError('InvalidInput', `read configuration failed: ${file}: ${messageOf(error)}; write it, or name another with FERRY_CONFIG`);
  }
}
