/** 1 is served first, as with Temporal's own priorities. */
export const HIGHEST_PRIORITY = 1;
export const LOWEST_PRIORITY = 5;
/** Of a migration that an operator asked for. */
export const DEFAULT_PRIORITY = 3;
/** Of one that an evacuation asked for: a single guest need not wait behind a whole node. */
export const EVACUATION_PRIORITY = 4;

/** Each level of priority is worth so much waiting. */
export const AGEING_MS = 300_000;

/**
 * When a request counts as arrived: each level below the highest makes it younger. Who waits is overtaken only by what comes within
 * `AGEING_MS` for each level of difference, so nobody waits for ever.
 */
export const dueMs = ({ sinceMs, priority }: { readonly sinceMs: number; readonly priority: number }): number => sinceMs + (priority - HIGHEST_PRIORITY) * AGEING_MS;
