import type { NodeName, Vmid } from '../domain/ids.js';
import { ctRunsOn } from './ct.js';
import type { Layout } from './layout.js';
import { RunLog, type RunInterval } from './run-log.js';

/** Proves that a container never runs on two nodes at once, as far as a look every few milliseconds can. */
export interface CtWatch {
  /** Every sign of two running copies, a sentence each. Has to be empty. */
  violations(): readonly string[];
  intervals(): readonly RunInterval[];
  stop(): void;
}

const LOOK_MS = 5;

/**
 * Looks at LXC's command socket of the container on every node. It exists once per network namespace and from before the first to
 * after the last instruction of the container, so whoever runs it is seen.
 */
export function startCtWatch(layout: Layout, nodes: readonly NodeName[], vmid: Vmid): CtWatch {
  const log = new RunLog('LXC');
  const timer = setInterval(() => {
    const seen = nodes.map((node) => ({ node, runs: ctRunsOn(layout, vmid, node) }));
    const atMs = Date.now();
    for (const { node, runs } of seen) if (!runs) log.ended(node, atMs);
    for (const { node, runs } of seen) if (runs) log.began(node, atMs);
  }, LOOK_MS);
  return { violations: () => log.overlaps(), intervals: () => log.intervals, stop: () => clearInterval(timer) };
}
