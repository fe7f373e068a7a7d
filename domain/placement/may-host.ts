import type { EvacuationRequest, GuestNeeds, MoveMode, NodeRoom, PlacementRule, StorageRoom } from '../contracts/evacuation.js';
import type { Refusal } from '../contracts/plan.js';
import type { NodeName, Vmid } from '../ids.js';
import { cpuModelOf, flagsGiven, missingFlags } from '../prerequisites/cpu-models.js';
import { refuse } from '../prerequisites/refuse.js';
import { isOlder } from '../prerequisites/versions.js';
import { guestName } from './guest-load.js';

export interface HostContext {
  readonly request: Pick<EvacuationRequest, 'node' | 'targets'>;
  readonly rules: readonly PlacementRule[];
  readonly avoid: readonly { readonly vmid: Vmid; readonly node: NodeName }[];
  /** The node the guest is on; null: it did not answer. */
  readonly source: NodeRoom | null;
  readonly mode: MoveMode;
}

/** What hosting a guest takes besides memory. */
export interface Hosting {
  /** PVE's storage map, for storages that are not on this node; absent: every storage keeps its name. */
  readonly targetStorage?: string;
  readonly space: readonly { readonly storage: string; readonly bytes: number }[];
}

/** Whether a guest could be on this node if the node were empty, and how; or the first reason why not. */
export function mayHost(guest: GuestNeeds, room: NodeRoom, context: HostContext): Hosting | Refusal {
  return checkNode(room, context) ?? checkPast(guest, room, context) ?? checkRules(guest, room, context.rules) ?? checkBridges(guest, room, context) ?? checkQemu(guest, room, context)
    ?? checkCpu(guest, room, context) ?? placeStorages(guest, room);
}

/** Beside the evacuated node: where guests may go at all. */
export function checkNode({ node, online, cordoned }: NodeRoom, { request }: Pick<HostContext, 'request'>): Refusal | null {
  if (node === request.node) return refuse('node-evacuated', `${node} is the node to empty`, 'name other targets');
  if (request.targets?.includes(node) === false) return refuse('node-not-wanted', `${node} is not among the targets asked for`, `add it: --targets ${[...request.targets, node].join(',')}`);
  if (!online) return refuse('node-offline', `${node} is offline, or did not answer`, `start ${node} and its agent`);
  return cordoned ? refuse('node-cordoned', `${node} is cordoned: nothing new may be placed there`, `when its maintenance is over: ferry uncordon ${node}`) : null;
}

function checkPast(guest: GuestNeeds, { node }: NodeRoom, { avoid }: HostContext): Refusal | null {
  if (!avoid.some((past) => past.vmid === guest.vmid && past.node === node)) return null;
  return refuse('node-failed', `${guestName(guest)} could not be moved to ${node} before`, `look why: ferry show ${guest.vmid}`);
}

function checkRules({ vmid, kind }: GuestNeeds, { node }: NodeRoom, rules: readonly PlacementRule[]): Refusal | null {
  const broken = rules.find((rule) => rule.kind === 'node-affinity' && rule.strict && rule.guests.includes(vmid) && !rule.nodes.some((named) => named.node === node));
  if (broken === undefined || broken.kind !== 'node-affinity') return null;
  const allowed = broken.nodes.map((named) => named.node).join(', ');
  return refuse('rule-node-affinity', `rule ${broken.id} keeps ${guestName({ vmid, kind })} on ${allowed}, so not on ${node}`, `add ${node} to the rule, or make it non-strict: ha-manager rules set node-affinity ${broken.id} --strict 0`);
}

/** A stopped guest may go where its bridge is still to be made. */
function checkBridges({ running, bridges, ...guest }: GuestNeeds, room: NodeRoom, { mode }: HostContext): Refusal | null {
  if (!running && mode === 'offline') return null;
  const missing = bridges.find((bridge) => !room.bridges.includes(bridge));
  return missing === undefined ? null : refuse('bridge-missing', `${room.node} lacks bridge ${missing} of ${guestName(guest)}`, `create ${missing} on ${room.node}`);
}

function checkQemu(guest: GuestNeeds, room: NodeRoom, { mode, source }: HostContext): Refusal | null {
  if (mode !== 'live' || source === null || !isOlder(room.qemuVersion, source.qemuVersion)) return null;
  return refuse('qemu-too-old', `QEMU ${room.qemuVersion} on ${room.node} is older than QEMU ${source.qemuVersion} on ${source.node}, where ${guestName(guest)} runs`, `upgrade QEMU on ${room.node}`);
}

function checkCpu(guest: GuestNeeds, room: NodeRoom, { mode, source }: HostContext): Refusal | null {
  if (mode !== 'live') return null;
  const name = guestName(guest);
  if (guest.kvm === true && room.kvmUsable === false) return refuse('kvm-unusable', `${name} needs KVM, and KVM does not work on ${room.node}`, `enable virtualisation in ${room.node}'s firmware, check /dev/kvm`);
  const model = cpuModelOf({ cpu: guest.cpuModel });
  if (model === null) return null;
  const remedy = `restart the VM with a model all nodes have: qm set ${guest.vmid} --cpu x86-64-v2-AES`;
  if (!model.hostLike && !room.cpuModels.includes(model.qemuModel)) return refuse('cpu-model-unknown', `CPU model ${model.name} of ${name} is not known to QEMU on ${room.node}`, remedy);
  if (guest.kvm !== true || room.cpuFlags === undefined) return null;
  if (model.hostLike && source?.cpuVendor !== room.cpuVendor) {
    return refuse('cpu-vendor-differs', `CPU model ${model.name} of ${name} needs the same CPU: ${source?.cpuVendor ?? 'unknown'} on ${guest.node}, ${room.cpuVendor ?? 'unknown'} on ${room.node}`, remedy);
  }
  const missing = missingFlags(model, flagsGiven(model, source?.cpuFlags ?? []), room.cpuFlags);
  return missing.length === 0 ? null : refuse('cpu-flags-missing', `the CPU of ${room.node} lacks flags that ${name} has: ${missing.slice(0, 4).join(', ')}${missing.length > 4 ? ` and ${missing.length - 4} more` : ''}`, remedy);
}

/** A storage of the same name, else (for the node's own) the emptiest that may hold such volumes. */
function placeStorages(guest: GuestNeeds, room: NodeRoom): Hosting | Refusal {
  const space: { storage: string; bytes: number }[] = [];
  const map: string[] = [];
  for (const { storage, shared, bytes } of guest.storages) {
    const same = room.storages.find((known) => known.storage === storage);
    const chosen = same ?? (shared ? undefined : substitute(guest, room.storages, bytes));
    if (chosen === undefined) {
      const remedy = shared ? `make it available there: pvesm set ${storage} --nodes …,${room.node}` : `make storage ${storage} there, or one that may hold ${contentOf(guest)}`;
      return refuse('storage-missing', `${room.node} lacks storage ${storage} of ${guestName(guest)}`, remedy);
    }
    if (same === undefined) map.push(`${storage}:${chosen.storage}`);
    if (!shared && bytes > 0) space.push({ storage: chosen.storage, bytes });
  }
  return { space, ...(map.length === 0 ? {} : { targetStorage: map.join(',') }) };
}

function substitute(guest: GuestNeeds, storages: readonly StorageRoom[], bytes: number): StorageRoom | undefined {
  const fitting = storages.filter(({ holds, availableBytes }) => holds?.includes(contentOf(guest)) === true && availableBytes >= bytes);
  return fitting.reduce<StorageRoom | undefined>((best, one) => (best === undefined || one.availableBytes > best.availableBytes ? one : best), undefined);
}

const contentOf = ({ kind }: GuestNeeds): string => (kind === 'lxc' ? 'rootdir' : 'images');
