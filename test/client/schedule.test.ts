import { defaultPayloadConverter } from '@temporalio/common';
import { ferry } from './stand-in/cli.js';
import { startStandIn, type StandIn } from './stand-in/server.js';

jest.setTimeout(60_000);

let standIn: StandIn;
beforeAll(async () => {
  standIn = await startStandIn();
});
afterAll(() => standIn?.stop());

const schedule = async (...argv: string[]): Promise<{ code: number; out: string; err: string }> => {
  const cli = ferry(standIn.clientEnv, ['evacuate', 'pve1', '--canary', '1', '--schedule', ...argv]);
  return { code: await cli.done, out: cli.out(), err: cli.err() };
};

test('a schedule is made once, with its time zone, and starts the evacuation it was made for', async () => {
  expect(await schedule('0 22 1 * * Europe/Berlin')).toEqual({ code: 0, err: '', out: 'scheduled: evacuate-pve1: 0 22 1 * * Europe/Berlin; `temporal schedule describe -s evacuate-pve1` shows it\n' });
  expect(await schedule('0 23 1 * * Europe/Berlin')).toMatchObject({ code: expect.any(Number) as number, err: expect.stringContaining('there is a schedule evacuate-pve1 already') as string });

  const { schedule: schedules, workflow } = standIn.env.client;
  const handle = schedules.getHandle('evacuate-pve1');
  const { spec, action, policies } = await handle.describe();
  expect({ zone: spec.timezone, hour: spec.calendars?.[0]?.hour, overlap: policies.overlap, action }).toMatchObject({
    zone: 'Europe/Berlin', hour: [{ start: 22, end: 22 }], overlap: 'SKIP', action: { workflowType: 'evacuateNode', workflowId: 'evacuate-node-pve1', taskQueue: 'migrations' },
  });

  await handle.trigger();
  const begun = async (): Promise<string | undefined> => (await handle.describe()).info.recentActions[0]?.action.workflow.workflowId;
  let workflowId = await begun();
  for (const untilMs = performance.now() + 20_000; workflowId === undefined && performance.now() < untilMs; workflowId = await begun()) await new Promise((resolve) => setTimeout(resolve, 100));
  expect(workflowId).toMatch(/^evacuate-node-pve1-/);
  const run = workflow.getHandle(workflowId ?? '');
  const started = (await run.fetchHistory()).events?.[0]?.workflowExecutionStartedEventAttributes;
  await run.result();
  await handle.delete();
  expect(started?.workflowType?.name).toBe('evacuateNode');
  expect(defaultPayloadConverter.fromPayload(started?.input?.payloads?.[0] as never)).toMatchObject({ node: 'pve1', canary: 1 });
});
