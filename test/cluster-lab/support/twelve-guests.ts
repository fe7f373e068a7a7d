import { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Lab } from '../../../lab/lab.js';
import { EvacuationLab } from './evacuation-lab.js';

const LIVE = [101, 102, 103] as const;
/** It fits on no other node unless one of the guests there makes room. */
const BIG = 104;
const STOPPED = [105, 106, 107, 109] as const;
/** It has a device of its node. */
export const PINNED = 108;
const CONTAINERS = [201, 202, 203] as const;
/** Running guests of the other nodes. */
const RESIDENTS = { pve2: 121, pve3: 122, pve4: 123 } as const;
/** Those on pve1. */
export const ALL: readonly number[] = [...LIVE, BIG, ...STOPPED, PINNED, ...CONTAINERS];

export const WISHES = { node: 'pve1', parking: true, concurrency: 3, requestedBy: 'test', reason: 'new firmware' };

/** A lab of four nodes with twelve guests on pve1, of every kind that matters to an evacuation; the running VMs are watched. */
export const startTwelveGuests = (): Promise<EvacuationLab> => EvacuationLab.start({ nodes: 4, memoryMiB: 1800, fill, probed: [...LIVE, BIG] });

export const twelveOn = (twelve: EvacuationLab, node: string): readonly number[] => ALL.filter((vmid) => twelve.nodeOf(vmid) === node);

async function fill(lab: Lab, dir: string): Promise<void> {
  for (const vmid of LIVE) await lab.vmCreate(vmid, 'pve1', { memoryMiB: 128, workingSetMiB: 16, dirtyMiBps: 2, disks: ['shared:32M'] });
  await lab.vmCreate(BIG, 'pve1', { memoryMiB: 1000, workingSetMiB: 16, dirtyMiBps: 1, disks: ['shared:32M'] });
  for (const vmid of STOPPED) await lab.vmCreate(vmid, 'pve1', { memoryMiB: 128, disks: [vmid === 105 ? 'local:32M,format=qcow2' : 'shared:32M'] });
  await lab.vmCreate(PINNED, 'pve1', { memoryMiB: 128, disks: ['shared:32M'] });
  appendFileSync(join(dir, `pve/nodes/pve1/qemu-server/${PINNED}.conf`), 'hostpci0: 0000:00:1f.0\n');
  for (const vmid of CONTAINERS) await lab.ctCreate(vmid, 'pve1', { memoryMiB: 64, files: 20 });
  for (const [node, vmid] of Object.entries(RESIDENTS)) await lab.vmCreate(vmid, node, { memoryMiB: 384, workingSetMiB: 16, dirtyMiBps: 0, disks: ['shared:32M'] });
  mkdirSync(join(dir, 'pve/ha'), { recursive: true });
  writeFileSync(join(dir, 'pve/ha/rules.cfg'), 'resource-affinity: apart\n\taffinity negative\n\tresources vm:101,vm:102\n');
  for (const vmid of [...LIVE, BIG, ...Object.values(RESIDENTS)]) await lab.vmStart(vmid);
  for (const vmid of CONTAINERS.slice(0, 2)) await lab.ctStart(vmid);
}
