import { join } from 'node:path';
import { z } from 'zod';
import type { NodeName, Vmid } from '../domain/ids.js';
import { type Companion, startCompanion } from './companion.js';
import { type Layout, guestAddress, switchPort } from './layout.js';
import { watchQemus } from './qemu-watch.js';
import { RunLog, type RunInterval } from './run-log.js';

const heard = z.object({
  beacons: z.number(),
  /** Different boots that were heard. */
  boots: z.number(),
  highest: z.number(),
  /** The switch's port at which the newest beacon came in; empty: none ever did. */
  port: z.string(),
  silentMs: z.number(),
  /** Longest time between two beacons since the last reset. */
  maxGapMs: z.number(),
  /** Beacons that the listener was too slow for: then it may have missed something. */
  dropped: z.number(),
  alarms: z.number(),
  first: z.array(z.string()),
  gaps: z.array(z.object({ startedAtMs: z.number(), gapMs: z.number() })),
});

/** What the switch heard of the guest, and what its QEMUs said. */
export interface WatchReport extends Readonly<z.infer<typeof heard>> {
  /** Every sign of two running copies, a sentence each. Has to be empty. */
  readonly violations: readonly string[];
  readonly running: readonly NodeName[];
  readonly intervals: readonly RunInterval[];
}

/** Proves that a guest made with `watched` never runs twice, from its first beacon to `stop`. */
export interface Watch extends Pick<Companion<WatchReport>, 'snapshot' | 'stop'> {
  /** Starts the gaps anew; what was a violation stays one. */
  reset(): void;
}

/** Listens at every node's port of the switch and to every QEMU of the guest. */
export async function startWatch(layout: Layout, nodes: readonly NodeName[], vmid: Vmid): Promise<Watch> {
  const log = new RunLog();
  const listener = await startCompanion(layout, {
    argv: [join(layout.guestDir, 'listen'), guestAddress(vmid), ...nodes.map((node) => switchPort(node, 'guest'))],
    report: heard,
    readyWithinMs: 10_000,
    notReady: `watch failed: guest ${vmid}: the listener at the switch did not start`,
  });
  const stopQemus = watchQemus(layout, nodes, vmid, log);
  const complete = (report: z.infer<typeof heard>): WatchReport => ({
    ...report,
    violations: [...report.first, ...log.overlaps(), ...(report.dropped > 0 ? [`${report.dropped} beacons were not looked at`] : [])],
    running: log.running,
    intervals: log.intervals,
  });
  return {
    snapshot: async () => complete(await listener.snapshot()),
    reset: () => listener.reset(),
    stop: async () => {
      const report = complete(await listener.stop());
      stopQemus();
      return report;
    },
  };
}
