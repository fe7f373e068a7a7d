const UNITS = ['', 'K', 'M', 'G', 'T'] as const;

/** Bytes of a PVE size (`8G`, `528K`, `4194304`, `1.5T`; powers of 1024); null: not a size. */
export function parseSize(text: string): number | null {
  const match = /^(\d+(?:\.\d+)?)([KMGT]?)$/.exec(text);
  if (match === null) return null;
  const exponent = UNITS.findIndex((unit) => unit === match[2]);
  return Math.ceil(Number(match[1]) * 1024 ** exponent);
}

/** The shortest exact PVE size: the largest unit that divides the number. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let exponent = 0;
  while (value !== 0 && value % 1024 === 0 && exponent < UNITS.length - 1) {
    value /= 1024;
    exponent += 1;
  }
  return `${value}${UNITS[exponent]}`;
}
