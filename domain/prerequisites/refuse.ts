import type { Refusal } from '../contracts/plan.js';

/**
 * One reason. Codes are stable; sentences hold PVE's own text where PVE refuses the same thing, so that it can be searched
 * for; the remedy says what to do, with PVE's tools where they do it.
 */
export const refuse = (code: string, sentence: string, remedy: string): Refusal => ({ code, sentence, remedy });

/** The same reason twice (two disks on one storage) is one reason. */
export function withoutRepeats(refusals: readonly Refusal[]): Refusal[] {
  return [...new Map(refusals.map((refusal) => [`${refusal.code} ${refusal.sentence}`, refusal])).values()];
}
