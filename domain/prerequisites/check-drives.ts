import type { DiskFacts } from '../contracts/facts.js';
import type { Refusal } from '../contracts/plan.js';
import type { Volid } from '../ids.js';
import type { CheckContext } from './context.js';
import { localDisks, ownerOf, type LocalDrive } from './drives.js';
import { refuse } from './refuse.js';

/** What hangs on the guest's drives that can't come along. PVE words it "can't migrate local disk '…': …". */
export function checkDrives(context: CheckContext): readonly Refusal[] {
  const locals = localDisks(context.drives);
  return [
    ...context.drives.flatMap((sorted) => checkRemovable(context, sorted)),
    ...checkOption(context, locals),
    ...locals.flatMap((disk) => checkDisk(context, disk)),
    ...checkAliases(locals, context.source?.guest.disks ?? []),
  ];
}

function checkRemovable({ request: { vmid } }: CheckContext, sorted: CheckContext['drives'][number]): Refusal[] {
  const { drive, kind } = sorted;
  const eject = `eject it: qm set ${vmid} --${drive.name} none,media=cdrom`;
  switch (kind) {
    case 'host-cdrom':
      return [refuse('cdrom-passthrough', `can't migrate local disk '${drive.file}': can't migrate local cdrom drive (${drive.name})`, eject)];
    case 'local-path':
      return [cannotMove('local-file', drive.file, `local file/device (${drive.name})`, 'put it on a storage, or add shared=1 if both nodes see it')];
    case 'local-cdrom': {
      const cloudinit = sorted.volid.includes('cloudinit');
      const remedy = cloudinit ? `delete it (qm set ${vmid} --delete ${drive.name}) or put it on a shared storage` : eject;
      return [cannotMove('local-cdrom-image', sorted.volid, `local cdrom image (${drive.name})`, remedy)];
    }
    default:
      return [];
  }
}

function checkOption({ request: { withLocalDisks, vmid, target } }: CheckContext, locals: readonly LocalDrive[]): Refusal[] {
  if (withLocalDisks || locals.length === 0) return [];
  const list = locals.map(({ drive, volid }) => `${drive.name} '${volid}'`).join(', ');
  const sentence = `can't live migrate attached local disks without with-local-disks option: ${list}`;
  return [refuse('local-disks-not-allowed', sentence, `ferry migrate ${vmid} ${target} --online --with-local-disks`)];
}

function checkDisk({ request: { vmid }, source, vm }: CheckContext, { drive, volid }: LocalDrive): Refusal[] {
  const facts = source?.guest.disks.find((disk) => disk.drive === drive.name);
  const owner = ownerOf(volid);
  const refusals: Refusal[] = [];
  if (owner !== vmid) {
    const text = owner === null ? "owned by other VM (the volume's name names no owner)" : `owned by other VM (owner = VM ${owner})`;
    refusals.push(cannotMove('disk-owned-by-other', volid, text, `detach it from VM ${vmid}, or reassign it: qm disk move`));
  }
  const snapshots = new Set([...(facts?.snapshots ?? []), ...snapshotsUsing(volid, vm?.config.snapshots ?? {})]);
  if (snapshots.size > 0) {
    const text = `online storage migration not possible if non-replicated snapshot exists (${[...snapshots].join(', ')})`;
    refusals.push(cannotMove('disk-has-snapshots', volid, text, `delete the snapshots (qm delsnapshot ${vmid} <name>), or move the disk to a shared storage`));
  }
  const base = facts?.backingFile ?? null;
  if (base !== null) {
    const sentence = `can't migrate '${volid}' as it's a clone of '${base}'`;
    refusals.push(refuse('disk-is-linked-clone', sentence, `make it a full copy first: qm disk move ${vmid} ${drive.name} <storage>`));
  }
  return refusals;
}

/** Two drives on one image would both be written on the target, each to a copy of its own. */
function checkAliases(locals: readonly LocalDrive[], disks: readonly DiskFacts[]): Refusal[] {
  const byPath = new Map<string, Volid[]>();
  for (const { drive, volid } of locals) {
    const path = disks.find((disk) => disk.drive === drive.name)?.path ?? volid;
    byPath.set(path, [...(byPath.get(path) ?? []), volid]);
  }
  return [...byPath.values()].flatMap((volids) => {
    if (volids.length < 2) return [];
    const sentence = `detected not supported aliased volumes: ${volids.map((volid) => `'${volid}'`).join(', ')}`;
    return [refuse('volumes-aliased', sentence, 'remove all but one of the drives that use this image')];
  });
}

function snapshotsUsing(volid: Volid, snapshots: Readonly<Record<string, Readonly<Record<string, string>>>>): string[] {
  return Object.entries(snapshots).flatMap(([name, values]) =>
    Object.values(values).some((value) => value === volid || value.startsWith(`${volid},`)) ? [name] : [],
  );
}

const cannotMove = (code: string, volume: string, reason: string, remedy: string): Refusal =>
  refuse(code, `can't migrate local disk '${volume}': ${reason}`, remedy);
