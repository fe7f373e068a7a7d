import type { PlacementRule } from '../contracts/evacuation.js';
import { readSections, type ConfigSection } from '../cluster/section-config.js';
import { parseBoolean, splitList } from '../guest/property-string.js';
import type { NodeName, Vmid } from '../ids.js';

export interface ParsedRules {
  /** Without those that are switched off (`disable`). */
  readonly rules: readonly PlacementRule[];
  /** What could not be parsed, or contradicts itself, one sentence each; such a rule is left out, as PVE does. */
  readonly problems: readonly string[];
}

/**
 * Parses PVE 9's `ha/rules.cfg` (pve-ha-manager, `PVE/HA/Rules/{NodeAffinity,ResourceAffinity}.pm`): `node-affinity` with `resources`,
 * `nodes` (`pve1:2,pve2`) and `strict`, `resource-affinity` with `resources` and `affinity`.
 */
export function parseRules(text: string): ParsedRules {
  const { sections, problems: lineProblems } = readSections(text);
  const problems = lineProblems.map((problem) => `ha/rules.cfg: ${problem}`);
  const rules = sections.flatMap((section) => {
    const found: string[] = [];
    const rule = toRule(section, (problem) => found.push(`ha/rules.cfg: rule ${section.id}: ${problem}`));
    problems.push(...found);
    return rule === null || found.length > 0 ? [] : [rule];
  });
  return { rules: withoutDoubles(rules, problems), problems };
}

type Note = (problem: string) => void;

function toRule(section: ConfigSection, note: Note): PlacementRule | null {
  const { type, id, values } = section;
  const off = flag(values['disable'], 'disable', note);
  if (type !== 'node-affinity' && type !== 'resource-affinity') note(`unknown type '${type}'`);
  if (off || (type !== 'node-affinity' && type !== 'resource-affinity')) return null;
  const guests = guestsOf(values['resources'], note);
  if (type === 'resource-affinity') {
    const { affinity } = values;
    if (guests.length === 1) note('a resource affinity rule needs at least two resources');
    if (affinity === 'positive' || affinity === 'negative') return { kind: type, id, guests, affinity };
    note(affinity === undefined ? 'affinity is missing' : `affinity: expected positive or negative, got '${affinity}'`);
    return null;
  }
  return { kind: type, id, guests, strict: flag(values['strict'], 'strict', note), nodes: nodesOf(values['nodes'], note) };
}

function flag(written: string | undefined, key: string, note: Note): boolean {
  const parsed = parseBoolean(written ?? '0');
  if (parsed === null) note(`${key}: expected 0 or 1, got '${written}'`);
  return parsed ?? false;
}

function guestsOf(written: string | undefined, note: Note): readonly Vmid[] {
  const items = splitList(written ?? '');
  if (items.length === 0) note('resources is missing');
  return [...new Set(items.flatMap((item) => {
    const [, vmid] = /^(?:(?:vm|ct):)?([1-9]\d{2,8})$/.exec(item) ?? [];
    if (vmid === undefined) note(`resources: expected vm:<vmid> or ct:<vmid>, got '${item}'`);
    return vmid === undefined ? [] : [Number(vmid)];
  }))];
}

function nodesOf(written: string | undefined, note: Note): readonly { readonly node: NodeName; readonly priority: number }[] {
  const items = splitList(written ?? '');
  if (items.length === 0) note('nodes is missing');
  return items.flatMap((item) => {
    const [, node, priority = '0'] = /^([a-z0-9](?:[a-z0-9-]*[a-z0-9])?)(?::(\d+))?$/i.exec(item) ?? [];
    if (node === undefined) note(`nodes: expected <node> or <node>:<priority>, got '${item}'`);
    return node === undefined ? [] : [{ node, priority: Number(priority) }];
  });
}

/** PVE applies none of the rules that contradict each other; which of them was meant, nobody can say. */
function withoutDoubles(rules: readonly PlacementRule[], problems: string[]): readonly PlacementRule[] {
  const bad = new Set<string>();
  rules.forEach((rule, i) => {
    for (const other of rules.slice(i + 1)) {
      const shared = rule.guests.filter((vmid) => other.guests.includes(vmid));
      const contradict = rule.kind === 'node-affinity' && other.kind === 'node-affinity' ? shared.length > 0
        : rule.kind === 'resource-affinity' && other.kind === 'resource-affinity' && rule.affinity !== other.affinity && shared.length > 1;
      if (!contradict) continue;
      const why = rule.kind === 'node-affinity' ? 'a resource may be in one node affinity rule only' : 'they are to be together and apart';
      problems.push(`ha/rules.cfg: rules ${rule.id} and ${other.id} both name ${shared.join(', ')}: ${why}; neither is applied`);
      bad.add(rule.id).add(other.id);
    }
  });
  return rules.filter(({ id }) => !bad.has(id));
}
