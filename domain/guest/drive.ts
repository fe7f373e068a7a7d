import { formatPropertyString, parsePropertyString, type Parsed } from './property-string.js';
import type { Drive } from './vm-config.js';

/** How many of each bus a guest may have (PVE). */
const LIMITS: Readonly<Record<Drive['bus'], number>> = { ide: 4, sata: 6, scsi: 31, virtio: 16 };

/** `scsi0` and its like; null: not the name of a drive. */
export function driveName(key: string): { readonly bus: Drive['bus']; readonly index: number } | null {
  const match = /^(ide|sata|scsi|virtio)(0|[1-9]\d*)$/.exec(key);
  if (match === null) return null;
  const bus = match[1] as Drive['bus'];
  const index = Number(match[2]);
  return index < LIMITS[bus] ? { bus, index } : null;
}

/** One drive line, taken apart. `problems` is empty when it is well-formed. */
export function parseDrive(name: string, text: string): Parsed<Drive> {
  const named = driveName(name);
  const { properties, problems } = parsePropertyString(text, 'file');
  const { file, volume, ...options } = properties;
  const source = file ?? volume;
  if (named === null) return { value: null, problems: [`${name}: no such drive`] };
  if (source === undefined) return { value: null, problems: [...problems, `no volume in '${text}'`] };
  const media = options['media'] ?? 'disk';
  const badMedia = media === 'disk' || media === 'cdrom' ? [] : [`media is neither disk nor cdrom: '${media}'`];
  const drive: Drive = {
    name, ...named, file: source, volid: isVolid(source) ? source : null, media: media === 'cdrom' || source === 'cdrom' ? 'cdrom' : 'disk', options,
  };
  return { value: drive, problems: [...problems, ...badMedia, ...unknownSource(source)] };
}

/** The line's value: the volume first, then the options in their order. */
export const formatDrive = (drive: Pick<Drive, 'file' | 'options'>): string => formatPropertyString({ file: drive.file, ...drive.options }, 'file');

export const isVolid = (text: string): boolean => /^[a-z][a-z0-9\-_.]*[a-z0-9]:\S+$/i.test(text);

function unknownSource(source: string): string[] {
  const known = source === 'none' || source === 'cdrom' || source.startsWith('/') || isVolid(source);
  return known ? [] : [`'${source}' is neither a volume, a path, none nor cdrom`];
}
