import type { Pool, SlotResource } from '../contracts/slots.js';

/** As an operator would say it. */
export const POOL_WORDS: Readonly<Record<Pool, string>> = {
  'prepare-in': 'preparations in',
  'prepare-out': 'preparations out',
  'transfer-in': 'transfers in',
  'transfer-out': 'transfers out',
  'switchover-in': 'running guests in',
  'switchover-out': 'running guests out',
  transfer: 'transfers',
};

const LINK = 'link:';

export const linkResource = (link: string): SlotResource => `${LINK}${link}`;

/** `pve1`, `link rack1`. */
export const resourceWords = (resource: SlotResource): string => (resource.startsWith(LINK) ? `link ${resource.slice(LINK.length)}` : resource);

/** The first few by name, the others by number. */
export function someOf(names: readonly string[], most = 3): string {
  const rest = names.length - most;
  return rest <= 0 ? names.join(', ') : `${names.slice(0, most).join(', ')} and ${rest} more`;
}
