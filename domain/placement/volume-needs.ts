import type { StorageConfig } from '../cluster/storage-config.js';
import type { GuestNeeds } from '../contracts/evacuation.js';
import type { Refusal } from '../contracts/plan.js';
import type { CtConfig } from '../guest/ct-config.js';
import type { VmConfig } from '../guest/vm-config.js';
import { mentionedVolumes, placeOf, type VolumeMention } from '../guest/volumes.js';
import { isCloudInit } from '../prerequisites/cold/context.js';
import { isColdCopied } from '../prerequisites/cold/place-volumes.js';
import { ownerOf, storageIdOf } from '../prerequisites/drives.js';
import { isDrivable } from '../prerequisites/formats.js';
import { refuse } from '../prerequisites/refuse.js';
import type { Volid } from '../ids.js';
import { isImageOfCd, volumesOf, writtenSize } from './volume-sizes.js';

export interface VolumeNeeds extends Pick<GuestNeeds, 'storages' | 'blockers'> {
  readonly liveBlockers: readonly Refusal[];
  /** On the node's own storages, of a size nobody knows: counted as nothing. */
  readonly unsized: readonly Volid[];
}

/** Every storage a guest's config names, with what lies on the node's own, and what can't come along. `measured`: sizes the config does not tell. */
export function volumeNeeds(config: VmConfig | CtConfig, kind: GuestNeeds['kind'], storages: readonly StorageConfig[], measured: Readonly<Record<Volid, number>>): VolumeNeeds {
  const mentions = mentionedVolumes({ current: config.values, pending: config.pending, snapshots: config.snapshots });
  const known = new Map(storages.map((storage) => [storage.id, storage]));
  const looked = [...volumesOf(config)].map(([volid, places]) => look({ volid, places, storage: known.get(storageIdOf(volid)), config, kind, size: writtenSize(places, config) ?? measured[volid] ?? null }));
  const bytes = new Map<string, number>();
  for (const { storage, size } of looked) if (storage !== null) bytes.set(storage.id, (bytes.get(storage.id) ?? 0) + (storage.shared ? 0 : (size ?? 0)));
  return {
    storages: [...bytes].map(([storage, needed]) => ({ storage, shared: known.get(storage)?.shared ?? false, bytes: needed })),
    blockers: [...(kind === 'qemu' ? mentions.flatMap((mention) => checkPath(mention, config.vmid)) : []), ...looked.flatMap(({ blockers }) => blockers)],
    liveBlockers: looked.flatMap(({ liveBlockers }) => liveBlockers),
    unsized: looked.flatMap(({ volid, storage, size }) => (storage !== null && !storage.shared && size === null ? [volid] : [])),
  };
}

interface Volume {
  readonly volid: Volid;
  readonly places: readonly VolumeMention[];
  readonly storage: StorageConfig | undefined;
  readonly config: VmConfig | CtConfig;
  readonly kind: GuestNeeds['kind'];
  /** null: not known. */
  readonly size: number | null;
}

interface Looked {
  readonly volid: Volid;
  /** null: an empty or unknown one. */
  readonly storage: StorageConfig | null;
  readonly size: number | null;
  readonly blockers: readonly Refusal[];
  readonly liveBlockers: readonly Refusal[];
}

function look(volume: Volume): Looked {
  const { volid, places, storage, size, config: { vmid, template } } = volume;
  const where = places.map(placeOf).join(', ');
  const found = { volid, storage: storage ?? null, size, blockers: [] as Refusal[], liveBlockers: [] as Refusal[] };
  if (storage === undefined) found.blockers.push(refuse('storage-unknown', `storage ${storageIdOf(volid)} of ${where} does not exist`, `define it, or remove ${where} from the config of ${vmid}`));
  if (storage === undefined || storage.shared) return found;
  if (isImageOfCd(volid, places)) {
    return { ...found, size: 0, blockers: [refuse('local-cdrom-image', `${where} of vm ${vmid} is a CD image on a storage of its node (${volid})`, `eject it: qm set ${vmid} --${places[0]?.key ?? where} none,media=cdrom`)] };
  }
  if (template) found.blockers.push(refuse('template-local', `${vmid} is a template, and ${volid} is on a storage of its node: its clones depend on the name`, `move its disks to a shared storage, or by PVE's own tools: qm migrate ${vmid} <node>`));
  else if (ownerOf(volid) !== vmid) found.blockers.push(refuse('disk-owned-by-other', `${volid} (${where}) does not belong to ${vmid} by its name`, `detach it from ${vmid}, or reassign it`));
  if (/:(?:\d+\/)?base-[^/]+\//.test(volid)) found.blockers.push(refuse('disk-is-linked-clone', `${volid} (${where}) is a linked clone of a template on the same storage`, 'make it a full copy first: qm disk move'));
  if (!isColdCopied(storage)) found.blockers.push(refuse('storage-type-unsupported', `${volid} (${where}) is on storage ${storage.id} of type ${storage.type}, which this version does not copy`, `move the disk to a directory storage or a shared one: qm disk move ${vmid} <disk> <storage>`));
  const inSnapshot = places.find(({ section }) => section !== 'current' && section !== 'pending');
  const isState = places.every(({ key }) => key === 'vmstate');
  if (inSnapshot !== undefined && !isState && !volid.endsWith('.qcow2')) found.blockers.push(refuse('disk-has-snapshots', `${volid} has snapshots (${placeOf(inSnapshot)}), and only those inside a qcow2 image travel`, `delete the snapshots first: qm delsnapshot ${vmid} ${inSnapshot.section}`));
  found.liveBlockers.push(...checkLive(volume, storage, where));
  return found;
}

/** What a disk that is copied while the guest writes to it must not have. */
function checkLive({ volid, places, config: { vmid } }: Volume, storage: StorageConfig, where: string): Refusal[] {
  const attached = places.some(({ section, key }) => section === 'current' && !key.startsWith('unused'));
  if (isCloudInit(volid)) return [refuse('local-cdrom-image', `${where} of vm ${vmid} is a cloud-init image on a storage of its node`, `put it on a shared storage, or delete it: qm set ${vmid} --delete ${places[0]?.key ?? where}`)];
  if (!attached) return [refuse('volume-left-behind', `${volid} (${where}) is attached nowhere, and only attached disks move while the guest runs`, `delete it, or attach it: qm set ${vmid} --delete ${places[0]?.key ?? where}`)];
  const inSnapshot = places.find(({ section }) => section !== 'current' && section !== 'pending');
  if (inSnapshot !== undefined) return [refuse('disk-has-snapshots', `${volid} has snapshots (${placeOf(inSnapshot)}), which do not travel while the guest runs`, `delete them: qm delsnapshot ${vmid} ${inSnapshot.section}`)];
  return isDrivable(storage) ? [] : [refuse('storage-type-unsupported', `${volid} (${where}) is on storage ${storage.id} of type ${storage.type}, which is copied only while the guest is stopped`, `move the disk: qm disk move ${vmid} <disk> <storage>`)];
}

/** A file or drive of the node that is on no storage. */
function checkPath({ volid, file, isCdrom, isShared, key, section }: VolumeMention, vmid: number): Refusal[] {
  if (volid !== null || isShared) return [];
  const where = placeOf({ key, section });
  if (isCdrom || file === 'cdrom') return [refuse('cdrom-passthrough', `${where} of vm ${vmid} is the drive of its node (${file})`, `eject it: qm set ${vmid} --${key} none,media=cdrom`)];
  return [refuse('local-file', `${where} of vm ${vmid} is a file or device of its node (${file})`, 'put it on a storage, or add shared=1 if every node sees it')];
}
