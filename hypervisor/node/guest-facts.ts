import type { DiskFacts, GuestRuntimeFacts } from '../../domain/contracts/facts.js';
import type { Drive, VmConfig } from '../../domain/guest/vm-config.js';
import type { Vmid } from '../../domain/ids.js';
import { generalQmpPath, type RunPaths } from '../paths.js';
import { findQemu } from '../qemu/process/identity.js';
import { QmpClient } from '../qemu/qmp/client.js';
import { Monitor, type BlockImage } from '../qemu/qmp/monitor.js';
import { toGuestRunState } from '../qemu/run-state.js';
import { imageInfo } from '../storage/image-info.js';
import type { VolumeStore } from '../storage/volume-store.js';

const QMP_TIMEOUT_MS = 2000;

export interface GuestInput {
  readonly vmid: Vmid;
  readonly config: VmConfig | null;
  readonly paths: RunPaths;
  readonly store: VolumeStore;
  readonly qemuImg: string;
}

/** The guest as it is on this node. A QEMU that does not answer is `other`; a disk that can't be read is left out. */
export async function guestFacts(input: GuestInput): Promise<GuestRuntimeFacts> {
  const { images, ...runtime } = await runtimeFacts(input);
  return { ...runtime, disks: await diskFacts(input, images) };
}

/** Just whether it runs. */
export async function guestState(vmid: Vmid, paths: RunPaths): Promise<Pick<GuestRuntimeFacts, 'state' | 'pid'>> {
  const { state, pid } = await runtimeFacts({ vmid, paths });
  return { state, pid };
}

type Images = ReadonlyMap<string, BlockImage>;
/** `images`: by node name, of the disks that QEMU has open. */
type Runtime = Omit<GuestRuntimeFacts, 'disks'> & { readonly images: Images };

async function runtimeFacts({ vmid, paths }: Pick<GuestInput, 'vmid' | 'paths'>): Promise<Runtime> {
  const qemu = findQemu(vmid, paths);
  if (qemu === null) return { ...UNKNOWN, state: 'stopped' };
  try {
    return { ...await askGuest(generalQmpPath(paths, vmid)), pid: qemu.pid };
  } catch {
    return { ...UNKNOWN, pid: qemu.pid };
  }
}

const UNKNOWN: Runtime = { state: 'other', pid: null, qemuVersion: null, machine: null, accelerator: null, migrationBlockers: [], images: new Map() };

async function askGuest(socketPath: string): Promise<Omit<Runtime, 'pid'>> {
  const client = await QmpClient.connect(socketPath, { timeoutMs: QMP_TIMEOUT_MS });
  try {
    const monitor = new Monitor(client);
    const [status, qemuVersion, machine, kvm, migration, devices] = await Promise.all([
      monitor.queryStatus(), monitor.queryVersion(), monitor.qomGet('/machine', 'type'), monitor.queryKvm(), monitor.queryMigrate(), monitor.queryBlock(),
    ]);
    return {
      state: toGuestRunState(status.status), qemuVersion, accelerator: kvm.enabled ? 'kvm' : 'tcg',
      machine: String(machine).replace(/-machine$/, ''), migrationBlockers: migration.blockedReasons,
      images: new Map(devices.flatMap(({ nodeName, image }) => (nodeName === null || image === null ? [] : [[nodeName, image] as const]))),
    };
  } finally {
    client.close();
  }
}

async function diskFacts({ config, store, qemuImg }: GuestInput, images: Images): Promise<readonly DiskFacts[]> {
  const disks = (config?.drives ?? []).filter((drive) => drive.media === 'disk');
  return (await Promise.all(disks.map((drive) => oneDisk(drive, store, qemuImg, images).catch(() => [])))).flat();
}

async function oneDisk(drive: Drive, store: VolumeStore, qemuImg: string, images: Images): Promise<DiskFacts[]> {
  if (drive.volid === null) return [];
  const { path, format: byName } = store.resolve(drive.volid);
  const format = drive.options['format'] ?? byName;
  if (format !== 'raw' && format !== 'qcow2') return [];
  // Of a disk that is open QEMU knows it all: no process has to be started for it.
  const open = images.get(`drive-${drive.name}`);
  const { virtualSizeBytes, allocatedBytes, snapshots, backingFile } = open?.format === format ? open : await imageInfo(path, format, qemuImg);
  return [{ drive: drive.name, volid: drive.volid, path, format, virtualSizeBytes, allocatedBytes, snapshots, backingFile }];
}
