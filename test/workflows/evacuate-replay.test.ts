import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import { MIGRATIONS_QUEUE } from '../../domain/ids.js';
import { Bench } from '../fakes/bench.js';
import { numbersFrom } from '../fakes/draw.js';
import { progressOf, reportOf, tell, whoMovedTwice, withCluster } from '../fakes/evacuation.js';
import { replayRun, unwelcome } from '../fakes/replay-run.js';

jest.setTimeout(180_000);

const EVENTS = 90;

describe('an evacuation that is steered and asked all the time', () => {
  let bench: Bench;
  let isOver = false;
  beforeAll(async () => {
    bench = await Bench.start();
  });
  afterAll(async () => {
    isOver = true;
    await bench?.stop();
  });

  // Half of what it is told it refuses: that leaves tasks in its history that no replay sees.
  it('continues as new in time, and every run of it replays', () => withCluster(bench, { nodes: 3 }, async (cluster) => {
    const draw = numbersFrom(11);
    cluster.add(20);
    const workflowId = `evacuateNode-${randomUUID()}`;
    const { workflow } = bench.env.client;
    const { firstExecutionRunId } = await workflow.start('evacuateNode', {
      taskQueue: MIGRATIONS_QUEUE, workflowId, args: [{ node: cluster.node(0), concurrency: 6 }], workflowExecutionTimeout: '150s',
      memo: { timings: { evacuationHistoryEvents: EVENTS, provePauseMs: 100 } },
    });
    const ask = async (): Promise<void> => {
      while (!isOver) {
        await progressOf(workflow.getHandle(workflowId)).catch(() => null);
        await pause(draw() * 6);
      }
    };
    const steer = async (): Promise<void> => {
      while (!isOver) {
        await pause(draw() * 200);
        for (const word of [draw() < 0.5 ? 'pause' : 'resume', 'resume']) await tell(workflow.getHandle(workflowId), word).catch(() => null);
      }
    };
    const others = [ask(), ask(), steer()];
    const report = await reportOf(workflow.getHandle(workflowId));
    isOver = true;
    await Promise.all(others);
    expect({ outcome: report.outcome, left: cluster.on(0), twice: whoMovedTwice(cluster) }).toEqual({ outcome: 'empty', left: [], twice: [] });
    expect(report.runs).toBeGreaterThan(2);
    for (let runId: string | null = firstExecutionRunId; runId !== null;) {
      const run: Awaited<ReturnType<typeof replayRun>> = await replayRun(workflow.getHandle(workflowId, runId));
      expect(unwelcome(run.kinds)).toEqual([]);
      expect(run.kinds.length).toBeLessThan(2 * EVENTS);
      runId = run.next;
    }
  }));
});
