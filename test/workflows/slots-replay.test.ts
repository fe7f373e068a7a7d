import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { ClusterActivities } from '../../domain/contracts/activities.js';
import type { Addressed, SlotRequest } from '../../domain/contracts/slots.js';
import { SLOT_LEDGERS_ID } from '../../domain/ids.js';
import { createReleaseSlots, createRequestSlots } from '../../workers/slot-ledgers.js';
import { Bench } from '../fakes/bench.js';
import { ledgersHaveEnded, setLimits, viewOf } from '../fakes/convoy.js';
import { numbersFrom } from '../fakes/draw.js';
import { replayRun, unwelcome } from '../fakes/replay-run.js';
import { eventually } from '../fakes/scenario.js';

jest.setTimeout(180_000);

const SENDERS = 4;
const ROUNDS = 40;
/** It writes more than two thousand events, and the ledgers of the tests continue as new after 60: not only when all is quiet. */
const LEAST_RUNS = 10;

describe('the ledgers under load', () => {
  let bench: Bench;
  let sending = SENDERS;
  beforeAll(async () => {
    bench = await Bench.start();
  });
  afterAll(async () => {
    sending = 0;
    await bench?.stop();
  });

  // Migrations that ask, give back or end without a word, as fast as they can, while others ask for the state of the ledgers; draws are repeatable.
  it('every run replays, however many write and ask at once', async () => {
    const { workflow } = bench.env.client;
    const runs = new Set<string>();
    const draw = numbersFrom(7);
    const ended = new Set<string>();
    const [request, signal, release] = [createRequestSlots(workflow), createRequestSlots(workflow, 0), createReleaseSlots(workflow)];
    const send = async (): Promise<void> => {
      const vmid = bench.newGuest();
      bench.register(vmid, { readRun: ({ epoch }) => Promise.resolve(ended.has(epoch) ? 'closed' : 'open') } as ClusterActivities);
      for (let round = 0; round < ROUNDS; round += 1) {
        const [epoch, resource] = [randomUUID(), `busy${Math.floor(draw() * 3)}`];
        const wish: Addressed<SlotRequest> = { resource, epoch, vmid, workflowId: `nobody-${epoch}`, priority: 3, seq: 1, pools: ['transfer-out'], configured: { 'transfer-out': 1 }, sinceMs: Date.now() };
        await (draw() < 0.5 ? request : signal)({ vmid, requests: [wish] });
        await pause(draw() * 40);
        ended.add(epoch);
        if (draw() < 0.7) await release({ vmid, releases: [{ resource, epoch, seq: 2, keep: [] }] });
        if (draw() < 0.1) await setLimits(bench, resource, { limits: { sideways: 1 } as never }).catch(() => undefined);
      }
      sending -= 1;
    };
    const ask = async (): Promise<void> => {
      while (sending > 0) {
        const runId = await workflow.getHandle(SLOT_LEDGERS_ID).describe().then((found) => found.runId, () => null);
        if (runId !== null) runs.add(runId);
        await viewOf(bench, 'busy0').catch(() => null);
      }
    };
    await Promise.all([...Array.from({ length: SENDERS }, send), ask(), ask()]);
    await eventually(() => ledgersHaveEnded(bench));
    // A run that was not seen follows one that was; the set grows while it is gone through.
    for (const runId of runs) {
      const { kinds, next } = await replayRun(workflow.getHandle(SLOT_LEDGERS_ID, runId));
      expect(unwelcome(kinds)).toEqual([]);
      if (next !== null) runs.add(next);
    }
    expect(runs.size).toBeGreaterThan(LEAST_RUNS);
  });
});
