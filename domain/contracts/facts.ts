import type { DriveName, Epoch, NodeName, Vmid, Volid } from '../ids.js';
import type { Cordon } from './cordon.js';
import type { CtConfig } from '../guest/ct-config.js';
import type { VmConfig } from '../guest/vm-config.js';
import type { DatacenterConfig } from '../cluster/datacenter-config.js';
import type { ResourceMapping } from '../cluster/parse-mappings.js';
import type { StorageConfig } from '../cluster/storage-config.js';
import type { RunState } from './run-state.js';

export interface ClusterMember {
  readonly name: NodeName;
  readonly id: number;
  readonly online: boolean;
  /** Management address. */
  readonly ip: string;
}

/** Who holds a guest's lock: the owner record beside PVE's own `lock:` key. */
export interface LockOwner {
  readonly epoch: Epoch;
  readonly workflowId: string;
  readonly requestedBy: string;
  readonly since: string;
  readonly reason?: string;
  /** The nodes that take part; absent from locks of older versions. */
  readonly nodes?: readonly NodeName[];
  /** Of a cordon: it was taken over from an evacuation that had ended. */
  readonly inherited?: boolean;
}

/** What the cluster file system says, parsed. A file that can't be parsed is a refusal, never a default. */
export interface ClusterFacts {
  readonly quorate: boolean;
  readonly members: readonly ClusterMember[];
  readonly guest:
    | { readonly kind: 'qemu'; readonly node: NodeName; readonly config: VmConfig }
    | { readonly kind: 'lxc'; readonly node: NodeName; readonly config: CtConfig }
    | null;
  readonly lockOwner: LockOwner | null;
  /** Nodes on which nothing new is placed; absent from facts of older engines. */
  readonly cordons?: readonly Cordon[];
  /** Whether the owner's run is open; absent without an owner. */
  readonly lockRun?: RunState;
  readonly datacenter: DatacenterConfig;
  readonly storages: readonly StorageConfig[];
  /** Devices and directories under cluster-wide names; absent from older control workers. */
  readonly mappings?: readonly ResourceMapping[];
  /** Guests on linked clones of this guest's base images; absent: none, or nobody asked. */
  readonly linkedClones?: readonly { readonly base: Volid; readonly vmids: readonly Vmid[] }[];
  /** `datacenter.cfg`, `storage.cfg` or the guest's config: what could not be parsed, one sentence each. */
  readonly configProblems: readonly ConfigProblem[];
  readonly engineVersion: string;
}

export interface ConfigProblem {
  readonly file: string;
  readonly problem: string;
}

export interface NodeAddress {
  readonly interface: string;
  readonly address: string;
  readonly prefixLength: number;
  readonly up: boolean;
}

export interface StorageFacts {
  readonly id: string;
  readonly active: boolean;
  readonly availableBytes: number;
  readonly totalBytes: number;
}

/** One disk of a running or stopped guest as it really is on the node. */
export interface DiskFacts {
  readonly drive: DriveName;
  readonly volid: Volid;
  readonly path: string;
  readonly format: 'raw' | 'qcow2';
  readonly virtualSizeBytes: number;
  readonly allocatedBytes: number;
  /** Internal qcow2 snapshots by name. */
  readonly snapshots: readonly string[];
  readonly backingFile: string | null;
}

export const GUEST_RUN_STATES = ['stopped', 'running', 'paused', 'inmigrate', 'postmigrate', 'prelaunch', 'other'] as const;
export type GuestRunState = (typeof GUEST_RUN_STATES)[number];

/** The guest's QEMU on this node, asked over QMP. */
export interface GuestRuntimeFacts {
  readonly state: GuestRunState;
  readonly pid: number | null;
  readonly qemuVersion: string | null;
  /** Versioned machine type the guest runs with, e.g. `pc-i440fx-10.0`. */
  readonly machine: string | null;
  readonly accelerator: 'kvm' | 'tcg' | null;
  /** QEMU's own migration blockers (`query-migrate`: `blocked-reasons`). */
  readonly migrationBlockers: readonly string[];
  readonly disks: readonly DiskFacts[];
}

/** One volume that a stopped guest, or a container, has on the node. A volume that can't be found is left out. */
export interface VolumeFacts {
  readonly volid: Volid;
  readonly path: string;
  readonly format: 'raw' | 'qcow2' | 'subvol';
  /** Of an image: as the guest sees it. Of a directory: 0. */
  readonly sizeBytes: number;
  /** What it takes on the disk. */
  readonly usedBytes: number;
  /** Internal qcow2 snapshots by name. */
  readonly snapshots: readonly string[];
  readonly backingFile: string | null;
}

/** Everything one node says about itself. Gathering it changes nothing. */
export interface NodeFacts {
  readonly node: NodeName;
  readonly engineVersion: string;
  readonly qemuVersion: string;
  readonly machineTypes: readonly string[];
  readonly cpuModels: readonly string[];
  /** Host CPUs that are online; absent from older agents. */
  readonly cpuCount?: number;
  readonly cpuVendor: string;
  readonly cpuFlags: readonly string[];
  /** Proved by running a guest instruction, not by opening /dev/kvm. */
  readonly kvmUsable: boolean;
  readonly memoryAvailableBytes: number;
  readonly memoryTotalBytes: number;
  readonly addresses: readonly NodeAddress[];
  readonly bridges: readonly string[];
  /** Those that keep VLANs apart; absent from older agents. */
  readonly vlanAwareBridges?: readonly string[];
  readonly storages: readonly StorageFacts[];
  readonly guest: GuestRuntimeFacts;
  /** Those that were asked for and are there; absent from older agents. */
  readonly volumes?: readonly VolumeFacts[];
  readonly multifd: boolean;
}

export interface MigrationFacts {
  readonly cluster: ClusterFacts;
  readonly source: NodeFacts | null;
  readonly target: NodeFacts | null;
  /** Why a node's facts are missing. */
  readonly unreachable: readonly { readonly node: NodeName; readonly cause: string }[];
}

export type { VmConfig, DatacenterConfig, StorageConfig, Vmid };
