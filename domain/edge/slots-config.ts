import { z } from 'zod';
import type { SlotsConfig } from '../admission/limits.js';
import type { DeclaredLink } from '../contracts/slots.js';
import { nodeName, text, wholeNumber, yesOrNo } from './fields.js';

/** 0 closes a direction. */
export const slotNumber = wholeNumber(0, 1000);

const nodeSlots = { in: slotNumber, out: slotNumber, prepare: slotNumber, switchover: slotNumber };

/** `slots`: how many migrations at once, on every node and on some. */
export const slotsSchema = z.strictObject({
  enabled: yesOrNo.default(true),
  in: slotNumber.default(2),
  out: slotNumber.default(2),
  prepare: slotNumber.optional(),
  switchover: slotNumber.optional(),
  nodes: z.record(nodeName, z.strictObject(nodeSlots, { error: 'expected an object' }).partial(), { error: 'expected an object with a node name for each entry' }).default({}),
}, { error: 'expected an object' }).prefault({}).transform((parsed) => parsed as SlotsConfig);

/** `links`: racks and other network paths with a budget of their own. */
export const linksSchema = z.record(
  text('a name of letters, digits and inner dashes, at most 63', /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i),
  z.strictObject({
    nodes: z.array(nodeName, { error: 'expected a list of node names' }).min(1, { error: 'expected a list of node names' }),
    transfers: slotNumber.default(2),
    counts: z.enum(['crossing', 'all'], { error: 'expected crossing or all' }).default('crossing'),
  }, { error: 'expected an object' }),
  { error: 'expected an object with a link name for each entry' },
).default({}).transform((parsed): Readonly<Record<string, DeclaredLink>> => parsed);

export const SLOT_KEYS = ['enabled', 'in', 'out', 'prepare', 'switchover', 'nodes'] as const;
