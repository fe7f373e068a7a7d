/** The names everything is called by. Plain strings and numbers: they cross Temporal as JSON. */

/** Guest number, unique in the cluster (100…999999999, as PVE). */
export type Vmid = number;
/** Cluster member, as in `nodes/<name>/`. */
export type NodeName = string;
/** `storage:volume`, as PVE writes it. */
export type Volid = string;
/** One migration's identity: the workflow's `originalExecutionRunId`, stable across Temporal resets. */
export type Epoch = string;
/** `scsi0`, `virtio1`, … */
export type DriveName = string;

/** Which migration, of which guest: in every command to a node, so that a stale one can be refused. */
export interface EpochRef {
  readonly vmid: Vmid;
  readonly epoch: Epoch;
}

export const MIGRATIONS_QUEUE = 'migrations';
export const nodeQueue = (node: NodeName): string => `node-${node}`;
/** null: a queue of no node. */
export const nodeOfQueue = (queue: string): NodeName | null => (queue.startsWith('node-') ? queue.slice('node-'.length) : null);
export const migrationWorkflowId = (vmid: Vmid): string => `migrate-guest-${vmid}`;
export const checkWorkflowId = (vmid: Vmid, suffix: string): string => `check-guest-${vmid}-${suffix}`;
export const cleanUpWorkflowId = (vmid: Vmid, epoch: Epoch): string => `clean-up-guest-${vmid}-${epochShort(epoch)}`;
/** The ledgers of all nodes and declared links. */
export const SLOT_LEDGERS_ID = 'slots';
/** One settlement per migration at a time, whoever asks for it. */
export const settlementWorkflowId = ({ vmid, epoch }: { readonly vmid: Vmid; readonly epoch: Epoch }): string => `settle-${vmid}-${epoch}`;
/** One evacuation per node, whoever starts it by this name; the cordon keeps out those with another. */
export const evacuationWorkflowId = (node: NodeName): string => `evacuate-node-${node}`;
export const returnWorkflowId = (node: NodeName): string => `return-home-${node}`;
export const rollWorkflowId = (suffix: string): string => `roll-nodes-${suffix}`;
export const planWorkflowId = (node: NodeName, suffix: string): string => `plan-evacuation-${node}-${suffix}`;
export const reconcileWorkflowId = (suffix: string): string => `reconcile-${suffix}`;
/** Short form of an epoch for paths: a unix socket path ends at 107 bytes (unix(7)). */
export const epochShort = (epoch: Epoch): string => epoch.replaceAll('-', '').slice(-12);
