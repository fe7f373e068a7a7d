import type { Refusal } from '../contracts/plan.js';
import type { Volid } from '../ids.js';
import type { CheckContext } from './context.js';
import { storageIdOf } from './drives.js';
import { refuse } from './refuse.js';

const VOLUME_KEY = /^(?:(?:unused|scsi|virtio|sata|ide|efidisk|tpmstate)\d+|vmstate)$/;

interface Mention {
  readonly volid: Volid;
  readonly where: string;
  readonly remedy: string;
}

/**
 * Volumes on local storages that the config names without the guest having them attached. They would stay behind, and the
 * config on the target would name volumes that are not there.
 */
export function checkLeftBehind({ vm, cluster, drives, request: { vmid } }: CheckContext): readonly Refusal[] {
  if (vm === null) return [];
  const { values, pending, snapshots } = vm.config;
  const unused = Object.fromEntries(Object.entries(values).filter(([key]) => key.startsWith('unused')));
  const mentions = [
    ...mentionsIn(unused, (key) => ({ where: `unused (${key})`, remedy: `qm set ${vmid} --delete ${key}, or attach it` })),
    ...mentionsIn(pending, (key) => ({ where: `pending change of ${key}`, remedy: `qm set ${vmid} --revert ${key}, or restart the VM` })),
    ...Object.entries(snapshots).flatMap(([name, section]) =>
      mentionsIn(section, (key) => ({ where: `referenced in snapshot - ${name} (${key})`, remedy: `qm delsnapshot ${vmid} ${name}` })),
    ),
  ];
  const local = new Set(cluster.storages.filter(({ shared }) => !shared).map(({ id }) => id));
  const attached = new Set(drives.map(({ drive }) => drive.volid));
  return mentions
    .filter(({ volid }) => local.has(storageIdOf(volid)) && !attached.has(volid))
    .map(({ volid, where, remedy }) =>
      refuse('volume-left-behind', `can't migrate local disk '${volid}': ${where}; this version moves attached disks only`, remedy),
    );
}

function mentionsIn(section: Readonly<Record<string, string>>, explain: (key: string) => Omit<Mention, 'volid'>): Mention[] {
  return Object.entries(section).flatMap(([key, value]) => {
    const volid = (value.split(',')[0] ?? '').replace(/^(?:file|volume)=/, '');
    return VOLUME_KEY.test(key) && /^[A-Za-z][\w.-]*:./.test(volid) ? [{ volid, ...explain(key) }] : [];
  });
}
