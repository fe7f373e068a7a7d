import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import type { StorageConfig } from '../../domain/cluster/storage-config.js';
import type { GuestRuntimeFacts, NodeFacts, StorageFacts, VolumeFacts } from '../../domain/contracts/facts.js';
import type { VmConfig } from '../../domain/guest/vm-config.js';
import type { NodeName, Vmid } from '../../domain/ids.js';
import type { RunPaths } from '../paths.js';
import { createNodeVolumes } from '../storage/node-volumes.js';
import type { VolumeStore } from '../storage/volume-store.js';
import { guestFacts } from './guest-facts.js';
import { nodeAddresses, nodeBridges } from './network-facts.js';
import { staticFacts } from './static-facts.js';

export interface InspectInput {
  readonly node: NodeName;
  readonly engineVersion: string;
  /** Those to report on; a volume on any other is not found. */
  readonly storages: readonly StorageConfig[];
  readonly vmid: Vmid;
  /** Volumes are asked for of a running VM too. */
  readonly cold?: boolean;
  /** null: the guest is not on this node. */
  readonly config: VmConfig | null;
  readonly paths: RunPaths & { readonly runDir: string };
  /** What is asked of a guest that is not a VM; absent: it is one. */
  readonly container?: () => Promise<GuestRuntimeFacts>;
  /** null: nobody asked. */
  readonly volumes: (() => Promise<readonly VolumeFacts[]>) | null;
  readonly binaries: { readonly qemu: string; readonly qemuImg: string };
}

/** A network storage whose server is away never answers. */
const STORAGE_TIMEOUT_MS = 2000;

/** Everything a node says about itself and one guest, asked all at once; changes nothing. Throws `Internal` without QEMU. */
export async function inspectNode(input: InspectInput): Promise<NodeFacts> {
  const store = createNodeVolumes(input.storages, input.node, input.binaries.qemuImg);
  const [{ ioUring: _, ...fixed }, memory, addresses, storages, guest] = await Promise.all([
    staticFacts(input.binaries.qemu, input.paths.runDir), memoryFacts(), nodeAddresses(),
    Promise.all(input.storages.map(({ id }) => storageFacts(store, id))),
    input.container?.() ?? guestFacts({ ...input, store, qemuImg: input.binaries.qemuImg }),
  ]);
  const volumes = input.volumes !== null && (input.container !== undefined || guest.state === 'stopped' || input.cold === true) ? await input.volumes() : undefined;
  return { node: input.node, engineVersion: input.engineVersion, cpuCount: availableParallelism(), ...fixed, ...memory, addresses, ...nodeBridges(), storages, guest, ...(volumes === undefined ? {} : { volumes }) };
}

/** By the kernel's own account. */
export async function memoryFacts(): Promise<Pick<NodeFacts, 'memoryAvailableBytes' | 'memoryTotalBytes'>> {
  const text = await readFile('/proc/meminfo', 'utf8');
  const bytes = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1] ?? 0) * 1024;
  return { memoryAvailableBytes: bytes('MemAvailable'), memoryTotalBytes: bytes('MemTotal') };
}

/** Inactive when it does not answer in time. */
export async function storageFacts(store: VolumeStore, id: string): Promise<StorageFacts> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<StorageFacts>((resolve) => {
    timer = setTimeout(() => resolve({ id, active: false, availableBytes: 0, totalBytes: 0 }), STORAGE_TIMEOUT_MS);
  });
  try {
    return await Promise.race([store.stat(id), late]);
  } finally {
    clearTimeout(timer);
  }
}
