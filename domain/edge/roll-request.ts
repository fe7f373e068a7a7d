import { z } from 'zod';
import type { RollRequest } from '../contracts/roll.js';
import { MigrationError } from '../errors.js';
import { parseEvacuationRequest } from './evacuation-request.js';
import { listOf, nodeName, text, wholeNumber, yesOrNo } from './fields.js';
import { parseObject } from './parse-object.js';

const OWN = ['groups', 'nodes', 'hook', 'returnHome', 'returnTimeoutSeconds'] as const;

/**
 * Parses what an operator gave for a rolling maintenance: `{"nodes":["pve1","pve2"]}` one after the other, or `{"groups":[["pve1","pve2"],["pve3"]]}`
 * group by group, `hook`, `returnHome`, `returnTimeoutSeconds`, and everything an evacuation takes. Throws `InvalidInput` with one sentence that names every problem.
 */
export function parseRollRequest(raw: unknown): RollRequest {
  const given = (typeof raw === 'object' && raw !== null && !Array.isArray(raw) ? raw : {}) as Record<string, unknown>;
  const own = Object.fromEntries(Object.entries(given).filter(([key]) => (OWN as readonly string[]).includes(key)));
  const rest = Object.fromEntries(Object.entries(given).filter(([key]) => !(OWN as readonly string[]).includes(key)));
  const { groups: together, nodes, ...wishes } = parseObject<Parsed>(own, schema, '{"nodes":["pve1","pve2"]}');
  if ((together === undefined) === (nodes === undefined)) throw invalid('one of nodes and groups is needed');
  const groups = together ?? (nodes ?? []).map((node) => [node]);
  const all = groups.flat();
  const [first] = all;
  if (first === undefined || groups.some((group) => group.length === 0)) throw invalid('groups: expected at least one node in each');
  const twice = all.find((node, index) => all.indexOf(node) !== index);
  if (twice !== undefined) throw invalid(`groups: ${twice} is named twice`);
  return { groups, ...wishes, evacuation: parseEvacuationRequest({ ...rest, node: first, approval: false, dryRun: false }) };
}

type Parsed = Omit<RollRequest, 'groups' | 'evacuation'> & { readonly groups?: readonly (readonly string[])[]; readonly nodes?: readonly string[] };

const names = listOf(nodeName, 'node names');
const schema = z.object({
  groups: z.array(names, { error: 'expected a list of lists of node names' }).optional(),
  nodes: names.optional(),
  hook: text('the name of a maintenance command', /^[a-z0-9][a-z0-9_-]*$/i, 64).optional(),
  returnHome: yesOrNo.default(true),
  returnTimeoutSeconds: wholeNumber(1, 86_400).default(1800),
});

const invalid = (cause: string): MigrationError => new MigrationError('InvalidInput', `read request failed: ${cause}`, { problems: [cause] });
