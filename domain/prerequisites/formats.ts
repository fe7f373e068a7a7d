import type { StorageConfig } from '../cluster/storage-config.js';

type DiskFormat = 'raw' | 'qcow2';

/** Storage types whose volumes this version copies, and the image formats they hold; the first is PVE's default. */
const DRIVABLE: ReadonlyMap<string, readonly [DiskFormat, ...DiskFormat[]]> = new Map([['dir', ['raw', 'qcow2']]]);

export const isDrivable = ({ type, path }: StorageConfig): boolean => DRIVABLE.has(type) && path !== null;

/** The source's format where the storage holds it, else the storage's own `format`, else its type's default. */
export function targetFormat(source: DiskFormat, storage: StorageConfig, drivable = DRIVABLE): DiskFormat {
  const formats = drivable.get(storage.type);
  if (formats === undefined || formats.includes(source)) return source;
  return formats.find((format) => format === storage.values['format']) ?? formats[0];
}
