import { z } from 'zod';
import type { Absentees } from '../contracts/cordon.js';
import { nodeName, wholeNumber } from './fields.js';
import { parseEvacuationRequest } from './evacuation-request.js';

/** Parses what `away.json` holds. Unknown keys, of a later version, are left out. Throws when it is not what ferry writes. */
export function parseAbsentees(text: string): Absentees {
  const { request, guests } = file.parse(JSON.parse(text));
  return { request: parseEvacuationRequest(request), guests: guests as Absentees['guests'] };
}

const file = z.object({
  request: z.record(z.string(), z.unknown()),
  guests: z.array(z.object({
    vmid: wholeNumber(100, 999_999_999),
    kind: z.enum(['qemu', 'lxc']),
    name: z.string(),
    to: nodeName,
    mode: z.enum(['live', 'restart', 'offline']),
    applications: z.array(z.string()),
    targetStorage: z.string().optional(),
  })),
});
