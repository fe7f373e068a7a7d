import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** FERRY_TEMPORAL_BIN, else the project's own, else the one on PATH. */
export function temporalBinary(): string {
  const own = join(process.env['FERRY_HOME'] ?? '.', 'var', 'tools', 'bin', 'temporal');
  return process.env['FERRY_TEMPORAL_BIN'] ?? (existsSync(own) ? own : 'temporal');
}
