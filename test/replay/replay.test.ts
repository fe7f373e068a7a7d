import { join } from 'node:path';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { bundleWorkflows } from '../../workers/workflow-bundle.js';
import { goldenNames, readGolden } from '../fakes/golden.js';

jest.setTimeout(60_000);

describe('workflows recorded earlier', () => {
  let code: string;
  beforeAll(async () => {
    const logger = new DefaultLogger('ERROR');
    Runtime.install({ logger, telemetryOptions: { logging: { forward: {}, filter: 'ERROR' } } });
    code = await bundleWorkflows(join(process.env['FERRY_HOME'] ?? '.', 'workflows/index.ts'), logger);
  });

  it.each(goldenNames())('%s is still understood by the workflows of today', async (name) => {
    await Worker.runReplayHistory({ workflowBundle: { code } }, readGolden(name));
  });

  it('a history that does not fit is noticed', async () => {
    const history = readGolden('happy') as { events: { activityTaskScheduledEventAttributes?: { activityType: { name: string } } }[] };
    const scheduled = history.events.find((event) => event.activityTaskScheduledEventAttributes !== undefined);
    if (scheduled?.activityTaskScheduledEventAttributes !== undefined) scheduled.activityTaskScheduledEventAttributes.activityType.name = 'somethingElse';
    await expect(Worker.runReplayHistory({ workflowBundle: { code } }, history)).rejects.toThrow(/Nondeterminism/i);
  });
});
