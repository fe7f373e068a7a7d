import type { StorageConfig } from '../cluster/storage-config.js';

type DiskFormat = 'raw' | 'qcow2';

/** Storage types whose volumes this version copies, and the image formats they hold; the first is PVE's default. */
const DRIVABLE: ReadonlyMap<string, readonly [DiskFormat, ...DiskFormat[]]> = new Map([['dir', ['raw', 'qcow2']]]);

export const isDrivable = ({ type, path }: StorageConfig): boolean => DRIVABLE.has(type) && path !== null;

export interface FormatWish {
  /** What the operator asked for. */
  readonly requested: DiskFormat | undefined;
  readonly source: DiskFormat;
  /** The volume goes to a storage of another name. */
  readonly changesStorage: boolean;
}

/**
 * What the operator asked for, else the `format` of a storage that is new to the volume, else the source's own. A storage that
 * does not hold it gives its type's default.
 */
export function targetFormat({ requested, source, changesStorage }: FormatWish, storage: StorageConfig, drivable = DRIVABLE): DiskFormat {
  const formats = drivable.get(storage.type) ?? [source];
  const preferred = changesStorage ? formats.find((format) => format === storage.values['format']) : undefined;
  const wanted = requested ?? preferred ?? source;
  return formats.includes(wanted) ? wanted : formats[0];
}
