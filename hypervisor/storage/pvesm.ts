import type { Volid } from '../../domain/ids.js';

/** What `pvesm export` writes and `pvesm import` reads (PVE's storage API; reference table in docs/design/012). */
export type StreamFormat = 'raw+size' | 'qcow2+size' | 'vmdk+size' | 'tar+size' | 'zfs' | 'btrfs';

export interface StreamEnd {
  /** PVE's storage type. */
  readonly type: string;
  /** `raw`, `qcow2`, `vmdk`, `subvol`. */
  readonly format: string;
}

export interface StreamOptions {
  readonly withSnapshots: boolean;
  /** The state that is sent; without one the volume as it is. */
  readonly snapshot?: string;
  /** Only what changed since this snapshot, which the target has. */
  readonly base?: string;
}

/** The first format both ends can do, in PVE's order; null: there is none, a volume of this kind cannot go there. */
export function streamFormat(source: StreamEnd, target: StreamEnd, options: StreamOptions): StreamFormat | null {
  const there = formatsOf(target, options);
  return formatsOf(source, options).find((format) => there.includes(format)) ?? null;
}

/** Writes the volume to standard output. */
export const pvesmExport = (volid: Volid, format: StreamFormat, options: StreamOptions): readonly string[] =>
  ['pvesm', 'export', volid, format, '-', ...snapshotArguments(options)];

export interface ImportOptions extends StreamOptions {
  /** Take the next free name if this one is in use. */
  readonly allowRename: boolean;
  /** Remove the snapshot that was sent once the volume is made from it. */
  readonly deleteSnapshot?: boolean;
}

/** Reads the volume from standard input. */
export const pvesmImport = (volid: Volid, format: StreamFormat, options: ImportOptions): readonly string[] => [
  'pvesm', 'import', volid, format, '-', ...snapshotArguments(options),
  ...(options.deleteSnapshot === true && options.snapshot !== undefined ? ['-delete-snapshot', options.snapshot] : []),
  '-allow-rename', flag(options.allowRename),
];

/** The name the volume got; null: it was not imported, whatever the exit code says. */
export const importedVolid = (output: string): Volid | null => /^successfully imported '(.+)'$/m.exec(output)?.[1] ?? null;

const snapshotArguments = ({ withSnapshots, snapshot, base }: StreamOptions): readonly string[] => [
  '-with-snapshots', flag(withSnapshots),
  ...(snapshot === undefined ? [] : ['-snapshot', snapshot]),
  ...(base === undefined ? [] : ['-base', base]),
];

const FILE_TYPES: readonly string[] = ['dir', 'nfs', 'cifs', 'cephfs', 'btrfs'];
const BLOCK_TYPES: readonly string[] = ['lvm', 'lvmthin', 'rbd'];

function formatsOf({ type, format }: StreamEnd, { withSnapshots, snapshot, base }: StreamOptions): readonly StreamFormat[] {
  if (type === 'zfspool') return ['zfs'];
  // `btrfs send` works on snapshots only.
  const native: readonly StreamFormat[] = type === 'btrfs' && snapshot !== undefined && (format === 'raw' || format === 'subvol') ? ['btrfs'] : [];
  if (snapshot !== undefined || base !== undefined) return native;
  if (BLOCK_TYPES.includes(type)) return withSnapshots ? [] : ['raw+size'];
  if (!FILE_TYPES.includes(type)) return [];
  if (withSnapshots) return format === 'qcow2' || format === 'vmdk' ? [`${format}+size`] : [];
  return format === 'subvol' ? ['tar+size'] : ['raw+size'];
}

const flag = (value: boolean): '0' | '1' => (value ? '1' : '0');
