/** Figures as an operator reads them. Binary units with one decimal, as PVE's own log lines. */

const BYTE_UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'] as const;
export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** `1.0 GiB`, `512.0 MiB`, `0.0 B`. */
export function renderBytes(bytes: number): string {
  let value = Math.max(0, bytes);
  let unit = 0;
  while (Number(value.toFixed(1)) >= 1024 && unit < BYTE_UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value.toFixed(1)} ${BYTE_UNITS[unit]}`;
}

export const renderRate = (bytesPerSecond: number): string => `${renderBytes(bytesPerSecond)}/s`;

/** A bandwidth limit; null: none. */
export const renderLimit = (bytesPerSecond: number | null): string => (bytesPerSecond === null ? 'unlimited' : renderRate(bytesPerSecond));

/** `0.4 ms`, `38 ms`, `4.2 s`, `1 min 05 s`, `2 h 03 min`. */
export function renderDuration(durationMs: number): string {
  const ms = Math.max(0, durationMs);
  if (ms > 0 && ms < 9.95) return `${trimZero(ms.toFixed(1))} ms`;
  if (Math.round(ms) < 1000) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${twoDigits(seconds % 60)} s`;
  const minutes = Math.round(seconds / 60);
  return `${Math.floor(minutes / 60)} h ${twoDigits(minutes % 60)} min`;
}

/** `62 %`; of nothing: `100 %`. Never `100 %` before all is done. */
export function renderPercent(done: number, total: number): string {
  return `${percentOf(done, total)} %`;
}

export function percentOf(done: number, total: number): number {
  if (total <= 0) return 100;
  return Math.min(100, Math.max(0, Math.floor((done / total) * 100)));
}

const twoDigits = (value: number): string => String(value).padStart(2, '0');
const trimZero = (text: string): string => text.replace(/\.0$/, '');
