import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';

/** FERRY_TEMPORAL_BIN, else the project's own, else the one on PATH. Throws when there is none. */
export function temporalBinary(): string {
  const home = process.env['FERRY_HOME'] ?? process.cwd();
  const onPath = (process.env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, 'temporal'));
  const candidates = [process.env['FERRY_TEMPORAL_BIN'] ?? '', join(home, 'var/tools/bin/temporal'), ...onPath];
  const found = candidates.find((file) => file !== '' && existsSync(file));
  if (found === undefined) throw new Error('find temporal failed: set FERRY_TEMPORAL_BIN or run the set-up');
  return found;
}
