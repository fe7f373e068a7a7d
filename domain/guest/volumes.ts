import type { Volid } from '../ids.js';
import type { ConfigSections } from './config-sections.js';

/** A place in a guest's config that names a volume, a path or a device. */
export interface VolumeMention {
  /** What is named: volid or absolute path. */
  readonly file: string;
  readonly volid: Volid | null;
  readonly key: string;
  /** `current`, `pending`, or the snapshot's name. */
  readonly section: string;
  readonly isCdrom: boolean;
  /** The config says that it is there on every node (`shared=1`). */
  readonly isShared: boolean;
}

/** Keys whose value begins with a volume (PVE: `foreach_volume_full`, with unused, EFI, TPM and the state of snapshots). */
const VOLUME_KEY = /^(?:(?:unused|scsi|virtio|sata|ide|efidisk|tpmstate|mp)\d+|rootfs|vmstate)$/;

/** Every volume the config names, wherever it does: attached, unused, pending, in snapshots. Empty drives are left out. */
export function mentionedVolumes({ current, pending, snapshots }: Pick<ConfigSections, 'current' | 'pending' | 'snapshots'>): readonly VolumeMention[] {
  return [
    ...mentionsIn('current', current),
    ...mentionsIn('pending', pending),
    ...Object.entries(snapshots).flatMap(([name, values]) => mentionsIn(name, values)),
  ];
}

/** Where a mention is, for people. */
export const placeOf = ({ key, section }: Pick<VolumeMention, 'key' | 'section'>): string =>
  section === 'current' ? key : section === 'pending' ? `pending change of ${key}` : `snapshot ${section}: ${key}`;

function mentionsIn(section: string, values: Readonly<Record<string, string>>): VolumeMention[] {
  return Object.entries(values).filter(([key]) => VOLUME_KEY.test(key)).flatMap(([key, value]) => {
    const parts = value.split(',');
    const file = (parts[0] ?? '').replace(/^(?:file|volume)=/, '');
    if (file === '' || file === 'none') return [];
    const isCdrom = file === 'cdrom' || parts.includes('media=cdrom');
    return [{ file, volid: isVolid(file) ? file : null, key, section, isCdrom, isShared: parts.includes('shared=1') }];
  });
}

const isVolid = (text: string): boolean => /^[a-z][a-z0-9\-_.]*[a-z0-9]:\S+$/i.test(text);
