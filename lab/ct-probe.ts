import { join } from 'node:path';
import { z } from 'zod';
import type { Vmid } from '../domain/ids.js';
import { type Companion, startCompanion } from './companion.js';
import { type Layout, guestAddress } from './layout.js';

const ctAnswer = z.object({
  /** New at each start of the container. */
  bootId: z.string(),
  uptimeMs: z.number(),
  requests: z.number(),
  counting: z.boolean(),
  /** The last number that is on its disk for good. */
  n: z.number(),
  /** The number it found when it started: never less than one that was told before. */
  recovered: z.number(),
  writeErrors: z.number(),
});
const ctProbeReport = z.object({
  ready: z.boolean(),
  /** The longest time between two good answers: the downtime a client sees. */
  maxGapMs: z.number(),
  asked: z.number(),
  answered: z.number(),
  refused: z.number(),
  /** Given up after 30 ms. */
  timedOut: z.number(),
  /** How often another start of the container was seen. */
  boots: z.number(),
  /** Every gap from 20 ms on; wall time of its beginning. */
  gaps: z.array(z.object({ startedAtMs: z.number(), gapMs: z.number() })),
  lastAnswer: ctAnswer.nullable(),
});

/** What the container says of itself. */
export type CtAnswer = Readonly<z.infer<typeof ctAnswer>>;
/** What a client outside saw of the container's HTTP service. */
export type CtProbeReport = Readonly<z.infer<typeof ctProbeReport>>;
export type CtProbe = Companion<CtProbeReport>;

/** Asks the container's service every 2 ms from the guest network; resolves at its first answer. Throws `LabError` after `readyWithinMs`. */
export const startCtProbe = (layout: Layout, vmid: Vmid, readyWithinMs = 30_000): Promise<CtProbe> => startCompanion(layout, {
  argv: [join(layout.guestDir, 'ctprobe'), guestAddress(vmid)],
  report: ctProbeReport,
  readyWithinMs,
  notReady: `probe failed: container ${vmid} at ${guestAddress(vmid)} did not answer within ${readyWithinMs} ms`,
});
