import type { Refusal } from '../../contracts/plan.js';
import { placeOf } from '../../guest/volumes.js';
import { ownerOf } from '../drives.js';
import { refuse } from '../refuse.js';
import { checkActive, checkAllowed, checkContent, storageMissing } from '../storage-access.js';
import { isIso, localVolumes, type ColdContext, type UsedVolume } from './context.js';
import { contentOf, placeVolumes } from './place-volumes.js';

/** Everything the guest's config names: what can't come along, and where it could not go. PVE words it "can't migrate local disk '…': …". */
export function checkVolumes(context: ColdContext): readonly Refusal[] {
  return [
    ...context.paths.flatMap((mention) => checkPath(context, mention)),
    ...context.volumes.flatMap((volume) => checkStorage(context, volume)),
    ...localVolumes(context).flatMap((volume) => checkVolume(context, volume)),
    ...checkAliases(context),
    ...placeVolumes(context).refusals,
  ];
}

function checkPath({ guest, request: { vmid } }: ColdContext, { file, key, isCdrom, isShared, section }: ColdContext['paths'][number]): Refusal[] {
  if (isShared) return [];
  const where = placeOf({ key, section });
  if (guest.kind === 'lxc') {
    if (!file.startsWith('/')) return [refuse('local-mount-point', `can't determine assigned storage for mount point '${where}' (${file})`, `name a volume or a path: pct set ${vmid} --${key} <storage>:<volume>,…`)];
    const kind = file.startsWith('/dev/') ? 'device' : 'bind';
    return [refuse('local-mount-point', `cannot migrate local ${kind} mount point '${where}' (${file})`, `remove it, or add shared=1 if it is the same on every node: pct set ${vmid} --${key} ${file},…,shared=1`)];
  }
  if (isCdrom || file === 'cdrom') {
    return [refuse('cdrom-passthrough', `can't migrate local disk '${file}': can't migrate local cdrom drive (${where})${inSnapshots([{ section }])}`, `eject it: qm set ${vmid} --${key} none,media=cdrom`)];
  }
  return [refuse('local-file', `can't migrate local disk '${file}': local file/device (${where})`, 'put it on a storage, or add shared=1 if both nodes see it')];
}

function checkStorage(context: ColdContext, volume: UsedVolume): Refusal[] {
  const { storage, volid } = volume;
  const { guest, request, target } = context;
  if (storage === null) return [storageMissing(volid.slice(0, volid.indexOf(':')))];
  const refusals = checkAllowed(storage, guest.node);
  if (isIso(volume)) {
    if (storage.shared) return refusals;
    return [refuse('local-cdrom-image', `can't migrate local disk '${volid}': local cdrom image (${placesOf(volume)})${inSnapshots(volume.mentions)}`, `eject it: qm set ${request.vmid} --${volume.mentions[0].key} none,media=cdrom`)];
  }
  refusals.push(...checkContent(storage, contentOf(guest), volid));
  if (storage.shared) {
    refusals.push(...checkAllowed(storage, request.target));
    if (refusals.length === 0 && target !== null) refusals.push(...checkActive(storage, target));
  }
  return refusals;
}

function checkVolume({ guest, request: { vmid }, source, cluster }: ColdContext, volume: UsedVolume): Refusal[] {
  const { volid, facts, mentions } = volume;
  const refusals: Refusal[] = [];
  const word = guest.kind === 'lxc' ? 'guest' : 'VM';
  const owner = ownerOf(volid);
  if (owner !== vmid) {
    const text = owner === null ? `owned by other ${word} (the volume's name names no owner)` : `owned by other ${word} (owner = ${word === 'VM' ? 'VM ' : ''}${owner})`;
    refusals.push(cannotMove('disk-owned-by-other', volid, text, `detach it from ${vmid}, or reassign it`));
  }
  if (source !== null && facts === null && /\.vmdk$/.test(volid)) return [...refusals, cannotMove('format-unsupported', volid, "unsupported format 'vmdk'", `make it a qcow2 or raw image first: qm disk move ${vmid} ${mentions[0].key} <storage> --format qcow2`)];
  if (source !== null && facts === null && cluster.storages.some(({ id }) => id === volume.storage?.id)) {
    refusals.push(cannotMove('disk-size-unknown', volid, `unable to determine size for volume '${volid}'`, `look at it on ${guest.node}: pvesm path ${volid}; a volume that is not there any more has to go from the config (${placesOf(volume)})`));
    return refusals;
  }
  const isState = mentions.every(({ key }) => key === 'vmstate');
  const hasChain = hasChains(volume) && inSnapshots(mentions) !== '';
  if (hasChain || (inSnapshots(mentions) !== '' && !isState && facts !== null && facts.format !== 'qcow2')) {
    refusals.push(cannotMove('disk-has-snapshots', volid, `non-migratable snapshot exists (${placesOf(volume)})`, `delete the snapshots first: only those inside a qcow2 image travel`));
  }
  const clones = cluster.linkedClones?.find(({ base }) => base === volid)?.vmids ?? [];
  if (clones.length > 0) {
    refusals.push(cannotMove('disk-has-linked-clones', volid, `referenced by linked clone(s) of ${clones.join(', ')}`, 'make full copies of the clones first: without their base image they are lost'));
  }
  if (facts !== null && facts.backingFile !== null && !hasChain) {
    refusals.push(refuse('disk-is-linked-clone', `can't migrate '${volid}' as it's a clone of '${facts.backingFile}'`, 'make it a full copy first'));
  }
  return refusals;
}

/** Two names of one file would become two files. */
function checkAliases(context: ColdContext): Refusal[] {
  const byPath = new Map<string, string[]>();
  for (const { volid, facts } of localVolumes(context)) if (facts !== null) byPath.set(facts.path, [...(byPath.get(facts.path) ?? []), volid]);
  return [...byPath.values()].flatMap((volids) => (volids.length < 2 ? []
    : [refuse('volumes-aliased', `detected not supported aliased volumes: ${volids.map((volid) => `'${volid}'`).join(', ')}`, 'remove all but one of the entries that use this file')]));
}

/** PVE's words for a place that is not there in every state of the guest; empty: it is. */
function inSnapshots(mentions: readonly { readonly section: string }[]): string {
  const names = [...new Set(mentions.map(({ section }) => section).filter((section) => section !== 'current' && section !== 'pending'))];
  return names.length === 0 ? '' : ` (referenced in snapshot - ${names.join(', ')})`;
}

/** Snapshots that are volumes of their own, each on top of the last. */
const hasChains = ({ storage }: UsedVolume): boolean => storage?.values['snapshot-as-volume-chain'] === '1';

const placesOf = ({ mentions }: UsedVolume): string => mentions.map(placeOf).join(', ');

const cannotMove = (code: string, volume: string, reason: string, remedy: string): Refusal =>
  refuse(code, `can't migrate local disk '${volume}': ${reason}`, remedy);
