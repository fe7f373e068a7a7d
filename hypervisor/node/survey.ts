import { availableParallelism } from 'node:os';
import type { StorageConfig } from '../../domain/cluster/storage-config.js';
import type { NodeRoom, NodeSurvey, StorageRoom } from '../../domain/contracts/evacuation.js';
import type { NodeName, Vmid, Volid } from '../../domain/ids.js';
import { isColdCopied } from '../../domain/prerequisites/cold/place-volumes.js';
import { containerState } from '../lxc/process/state.js';
import type { LxcPaths } from '../lxc/paths.js';
import type { RunPaths } from '../paths.js';
import { listQemus } from '../qemu/process/identity.js';
import { imageInfo } from '../storage/image-info.js';
import { createNodeVolumes } from '../storage/node-volumes.js';
import type { VolumeStore } from '../storage/volume-store.js';
import { dirtyRates } from './dirty-rates.js';
import { memoryFacts, storageFacts } from './inspect.js';
import { linkSpeed, nodeAddresses, nodeBridges } from './network-facts.js';
import { staticFacts } from './static-facts.js';

export interface SurveyInput {
  readonly node: NodeName;
  /** All that are defined. */
  readonly storages: readonly StorageConfig[];
  readonly paths: RunPaths & LxcPaths & { readonly runDir: string };
  /** Containers whose config is on this node. */
  readonly containers: readonly Vmid[];
  /** Volumes here of which no config says how large they are. */
  readonly unsized: readonly Volid[];
  readonly binaries: { readonly qemu: string; readonly qemuImg: string };
  readonly probeDirtyRates: boolean;
  /** Whether migrations use this address of the node. */
  readonly isMigrationAddress: (address: string) => boolean;
  /** What the node gives to guests at most, and what those that run here have of it; null: whatever is free. */
  readonly memoryForGuests: ((running: readonly Vmid[]) => { readonly totalBytes: number; readonly takenBytes: number }) | null;
}

/** What a node has to give, what runs on it, and (where asked for) how fast its VMs rewrite their memory. Looks only. */
export async function surveyNode(input: SurveyInput): Promise<NodeSurvey> {
  const store = createNodeVolumes(input.storages, input.node, input.binaries.qemuImg);
  const usable = input.storages.filter(({ disabled, nodes }) => !disabled && (nodes === null || nodes.includes(input.node)));
  const vms = listQemus(input.paths).map(({ vmid }) => vmid);
  const [fixed, memory, addresses, storages, states, dirtyBytesPerSecond, sizes] = await Promise.all([
    staticFacts(input.binaries.qemu, input.paths.runDir), memoryFacts(), nodeAddresses(),
    Promise.all(usable.map((storage) => roomOn(store, storage))),
    Promise.all(input.containers.map(async (vmid) => ({ vmid, ...await containerState(vmid, input.paths) }))),
    input.probeDirtyRates ? dirtyRates(vms, input.paths) : {},
    Promise.all(input.unsized.map(async (volid) => [volid, await imageBytes(store, volid, input.binaries.qemuImg)] as const)),
  ]);
  const running = [...vms, ...states.flatMap(({ vmid, state }) => (state === 'stopped' ? [] : [vmid]))].sort((a, b) => a - b);
  const way = addresses.find(({ address }) => input.isMigrationAddress(address));
  const room: NodeRoom = {
    node: input.node, online: true, cordoned: false, ...memoryRoom(memory, input.memoryForGuests?.(running) ?? null), cpuCount: availableParallelism(),
    qemuVersion: fixed.qemuVersion, cpuModels: fixed.cpuModels, cpuVendor: fixed.cpuVendor, cpuFlags: fixed.cpuFlags, kvmUsable: fixed.kvmUsable,
    bridges: nodeBridges().bridges, storages: storages.flat(), linkBytesPerSecond: way === undefined ? null : linkSpeed(way.interface),
  };
  const volumeBytes = Object.fromEntries(sizes.filter(([, bytes]) => bytes !== null)) as Readonly<Record<Volid, number>>;
  return { room, running, dirtyBytesPerSecond, ...(sizes.length === 0 ? {} : { volumeBytes }) };
}

/** null: it is not there, or a directory: to count it may take minutes. */
const imageBytes = async (store: VolumeStore, volid: Volid, qemuImg: string): Promise<number | null> => {
  try {
    const { path, format } = store.resolve(volid);
    return format === 'subvol' ? null : (await imageInfo(path, format, qemuImg)).virtualSizeBytes;
  } catch {
    return null;
  }
};

async function roomOn(store: VolumeStore, storage: StorageConfig): Promise<StorageRoom[]> {
  const { id, active, availableBytes, totalBytes } = await storageFacts(store, storage.id);
  if (!active) return [];
  return [{ storage: id, availableBytes, totalBytes, ...(!storage.shared && isColdCopied(storage) ? { holds: storage.content } : {}) }];
}

function memoryRoom(memory: Pick<NodeRoom, 'memoryAvailableBytes' | 'memoryTotalBytes'>, limit: { readonly totalBytes: number; readonly takenBytes: number } | null): Pick<NodeRoom, 'memoryAvailableBytes' | 'memoryTotalBytes'> {
  if (limit === null) return memory;
  return { memoryTotalBytes: limit.totalBytes, memoryAvailableBytes: Math.max(0, Math.min(memory.memoryAvailableBytes, limit.totalBytes - limit.takenBytes)) };
}
