import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { Vmid } from '../domain/ids.js';
import { LabError } from './errors.js';
import { type Layout, guestAddress } from './layout.js';
import { inNamespace } from './network.js';
import { baseEnvironment } from './node-files.js';
import { MARKER } from './run.js';

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

export interface Probe {
  /** Figures since the start or the last reset. */
  snapshot(): Promise<ProbeReport>;
  /** Starts the figures anew; the connection stays. */
  reset(): void;
  /** The final figures; the probe has ended. */
  stop(): Promise<ProbeReport>;
}

/** Watches a guest from the guest network; resolves at its first answers. Throws `LabError` after `readyWithinMs`. */
export async function startProbe(layout: Layout, vmid: Vmid, readyWithinMs = 60_000): Promise<Probe> {
  const [program = '', ...args] = inNamespace(layout.switchNamespace, [join(layout.guestDir, 'probe'), guestAddress(vmid)]);
  const child = spawn(program, args, { env: { ...baseEnvironment(layout), [MARKER]: layout.dir }, stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const gone = once(child, 'exit');
  const nextLine = async (): Promise<string> => {
    const line = await lines.next();
    if (line.done) throw new LabError(`probe failed: guest ${vmid}: it ended without an answer`);
    return line.value;
  };
  const timer = setTimeout(() => child.kill('SIGKILL'), readyWithinMs);
  try {
    await nextLine();
  } catch {
    throw new LabError(`probe failed: guest ${vmid} at ${guestAddress(vmid)} did not answer within ${readyWithinMs} ms`);
  } finally {
    clearTimeout(timer);
  }
  const report = async (): Promise<ProbeReport> => probeReport.parse(JSON.parse(await nextLine()));
  return {
    snapshot: () => {
      child.stdin.write('snapshot\n');
      return report();
    },
    reset: () => void child.stdin.write('reset\n'),
    stop: async () => {
      child.stdin.end();
      const final = await report();
      await gone;
      return final;
    },
  };
}
