/** Lets a node take guests again, `{"node":"pve1"}`; who left it stays on record and may come home later (`returnHome`). */
import type { NodeName } from '../domain/ids.js';
import { evacuationSteps } from './proxies.js';

export interface Uncordoned {
  readonly node: NodeName;
  /** Guests that an evacuation moved away and that are not back. */
  readonly away: number;
}

export async function uncordonNode(raw: unknown): Promise<Uncordoned> {
  const { node, absentees } = await evacuationSteps('a node').openReturn(raw);
  await evacuationSteps(node).uncordonNode({ node });
  return { node, away: absentees?.guests.length ?? 0 };
}
