import { join } from 'node:path';
import { z } from 'zod';
import type { Vmid } from '../domain/ids.js';
import { type Companion, startCompanion } from './companion.js';
import { type Layout, guestAddress } from './layout.js';

const guestAnswer = z.object({
  uptimeMs: z.number(),
  /** One every 10 ms of guest time. */
  ticks: z.number(),
  /** Complete rewrites of the working set. */
  generation: z.number(),
  memErrors: z.number(),
  diskErrors: z.number(),
  /** Records written and read back, all disks together. */
  diskSeq: z.number(),
  pages: z.number(),
  pagesDirtied: z.number(),
  dirtyMiBps: z.number(),
  /** New at each boot of the guest. */
  bootId: z.string(),
  /** Empty while nothing was wrong. */
  firstError: z.string(),
  disks: z.array(z.object({ name: z.string(), seq: z.number(), errors: z.number() })),
});
const probeReport = z.object({
  ready: z.boolean(),
  /** The longest time between two echoes of the 1 ms UDP flow. */
  maxGapMs: z.number(),
  maxTcpGapMs: z.number(),
  udpSent: z.number(),
  udpAnswered: z.number(),
  tcpAnswered: z.number(),
  /** The one connection, opened before the first figure, still answers. */
  tcpAlive: z.boolean(),
  tcpReconnects: z.literal(0),
  /** Every gap from 20 ms on; wall time of its beginning. */
  gaps: z.array(z.object({ startedAtMs: z.number(), gapMs: z.number() })),
  lastAnswer: guestAnswer.nullable(),
  errors: z.array(z.string()),
});

/** What the guest says of itself. */
export type GuestAnswer = Readonly<z.infer<typeof guestAnswer>>;
/** What the outside saw of the guest, and the guest's own last word. */
export type ProbeReport = Readonly<z.infer<typeof probeReport>>;

/** The connection stays over a `reset`. */
export type Probe = Companion<ProbeReport>;

/** Watches a guest from the guest network; resolves at its first answers. Throws `LabError` after `readyWithinMs`. */
export const startProbe = (layout: Layout, vmid: Vmid, readyWithinMs = 60_000): Promise<Probe> => startCompanion(layout, {
  argv: [join(layout.guestDir, 'probe'), guestAddress(vmid)],
  report: probeReport,
  readyWithinMs,
  notReady: `probe failed: guest ${vmid} at ${guestAddress(vmid)} did not answer within ${readyWithinMs} ms`,
});
