import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dhParamsPem } from './dh-params.js';

/** The user name QEMU's `tls-creds-psk` looks up when none is given (docs/system/tls.rst). */
export const QEMU_PSK_USER = 'qemu';

/** Makes `dir` (0700) with the `keys.psk` (0600) that QEMU's `tls-creds-psk` reads, holding `secret` (hex), and its `dh-params.pem`. Returns `dir`. */
export async function writePskFile(dir: string, secret: string): Promise<string> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await chmod(dir, 0o700);
  await writeFile(join(dir, 'keys.psk'), `${QEMU_PSK_USER}:${secret}\n`, { mode: 0o600 });
  await writeFile(join(dir, 'dh-params.pem'), dhParamsPem(), { mode: 0o600 });
  return dir;
}
