import { parseStorageConfig } from '../cluster/parse-storage.js';
import type { GuestNeeds, Inventory, NodeRoom, NodeSurvey, PastMove } from '../contracts/evacuation.js';
import type { ClusterMember } from '../contracts/facts.js';
import type { GuestKind } from '../contracts/ports.js';
import type { DeclaredLink } from '../contracts/slots.js';
import { parseCtConfig } from '../guest/parse-ct-config.js';
import { parseVmConfig } from '../guest/parse-vm-config.js';
import type { NodeName, Vmid } from '../ids.js';
import { guestNeeds, type ConfiguredGuest } from './guest-needs.js';
import { parseRules } from './parse-rules.js';

export interface InventorySources {
  readonly guests: readonly { readonly vmid: Vmid; readonly kind: GuestKind; readonly node: NodeName; readonly text: string }[];
  readonly members: readonly ClusterMember[];
  readonly surveys: readonly NodeSurvey[];
  readonly cordons: readonly NodeName[];
  readonly storageText: string;
  readonly rulesText: string;
  readonly past: ReadonlyMap<Vmid, readonly PastMove[]>;
  readonly links: Readonly<Record<string, DeclaredLink>>;
}

/** Everything a plan is made from, out of the cluster's files and what the nodes said. A member that said nothing is offline for the plan. */
export function takeInventory(sources: InventorySources): Inventory {
  const storage = parseStorageConfig(sources.storageText);
  const rules = parseRules(sources.rulesText);
  const running = new Set(sources.surveys.flatMap((survey) => survey.running));
  return {
    guests: sources.guests.map((listed): GuestNeeds => {
      const needs = guestNeeds({ ...parsed(listed), node: listed.node, running: running.has(listed.vmid) }, storage.storages, sources.surveys.find(({ room }) => room.node === listed.node)?.volumeBytes);
      const dirty = sources.surveys.map(({ dirtyBytesPerSecond }) => dirtyBytesPerSecond[String(listed.vmid)]).find((rate) => rate !== undefined);
      const past = sources.past.get(listed.vmid);
      return { ...needs, ...(dirty === undefined ? {} : { dirtyBytesPerSecond: dirty }), ...(past === undefined ? {} : { past }) };
    }),
    nodes: sources.members.map(({ name }) => roomOf(name, sources)),
    rules: rules.rules,
    links: sources.links,
    problems: [...storage.problems.map((problem) => `storage.cfg: ${problem}`), ...rules.problems],
  };
}

function parsed({ vmid, kind, text }: InventorySources['guests'][number]): Pick<ConfiguredGuest, 'guest' | 'problems'> {
  if (kind === 'lxc') {
    const { config, problems } = parseCtConfig(vmid, text);
    return { guest: { kind, config }, problems };
  }
  const { config, problems } = parseVmConfig(vmid, text);
  return { guest: { kind, config }, problems };
}

function roomOf(node: NodeName, { surveys, cordons }: InventorySources): NodeRoom {
  const survey = surveys.find(({ room }) => room.node === node);
  const cordoned = cordons.includes(node);
  if (survey !== undefined) return { ...survey.room, cordoned };
  return {
    node, online: false, cordoned, memoryTotalBytes: 0, memoryAvailableBytes: 0, cpuCount: 0, qemuVersion: '0', cpuModels: [], bridges: [], storages: [], linkBytesPerSecond: null,
  };
}
