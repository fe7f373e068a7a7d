import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** ferry's own version. A migration needs the same or a newer one on the target. */
export function engineVersion(): string {
  const home = process.env['FERRY_HOME'] ?? process.cwd();
  return z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))).version;
}
