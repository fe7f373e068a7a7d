import type { NodeName, Vmid } from '../domain/ids.js';

/** Guest and target of unparsed input, for display before the request is opened; 0 and '' when there are none. */
export function peek(raw: unknown): { readonly vmid: Vmid; readonly target: NodeName } {
  const { vmid, target } = (raw ?? {}) as { readonly vmid?: unknown; readonly target?: unknown };
  return { vmid: Number(vmid) || 0, target: typeof target === 'string' ? target : '' };
}
