import { z } from 'zod';
import type { NodeName } from '../ids.js';
import { nodeName, text } from './fields.js';
import { parseObject } from './parse-object.js';

export interface ReturnRequest {
  readonly node: NodeName;
  readonly requestedBy: string;
  readonly reason?: string;
}

/** Parses what an operator gave to uncordon a node or to bring its guests home; `{"node":"pve1"}` is enough. Throws `InvalidInput` with one sentence that names every problem. */
export const parseReturnRequest = (raw: unknown): ReturnRequest => parseObject<ReturnRequest>(raw, schema, '{"node":"pve1"}');

const schema = z.object({
  node: nodeName,
  requestedBy: text('who asks for it, at most 200 characters', /\S/, 200).default('unknown'),
  reason: text('a reason, at most 1000 characters').optional(),
});
