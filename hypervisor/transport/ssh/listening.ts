import { existsSync, readFileSync } from 'node:fs';

/**
 * Whether somebody listens on this unix socket, without connecting: behind a forward a probe would arrive as a real
 * connection, and QEMU would take it for the migration stream.
 */
export function isListening(path: string): boolean {
  if (!existsSync(path)) return false;
  return readFileSync('/proc/net/unix', 'utf8').split('\n').some((line) => {
    const [, , , flags, , , , name] = line.split(/\s+/);
    return name === path && (Number.parseInt(flags ?? '0', 16) & SO_ACCEPTCON) !== 0;
  });
}

/** net/unix/af_unix.c: __SO_ACCEPTCON. */
const SO_ACCEPTCON = 0x10000;
