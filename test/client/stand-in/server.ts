import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, makeTelemetryFilterString, Runtime, Worker } from '@temporalio/worker';
import { Context } from '@temporalio/activity';
import { join } from 'node:path';
import { MIGRATIONS_QUEUE, nodeQueue } from '../../../domain/ids.js';
import { ATTRIBUTES } from '../../../workflows/attributes.js';
import { temporalBinary } from './binary.js';
import { LIVE_FIGURES } from './figures.js';

export interface StandIn {
  readonly env: TestWorkflowEnvironment;
  /** Environment variables for a client of this server. */
  readonly clientEnv: NodeJS.ProcessEnv;
  /** Lets the node activity of the `heartbeat` scenario end. */
  releaseActivity(): void;
  stop(): Promise<void>;
}

/** A real dev server with workers that answer to ferry's names and do nothing. */
export async function startStandIn(): Promise<StandIn> {
  // Failing migrations are what is tested here: their stacks are no news.
  Runtime.install({ logger: new DefaultLogger('ERROR'), telemetryOptions: { logging: { filter: makeTelemetryFilterString({ core: 'ERROR' }) } } });
  const env = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: temporalBinary() }, searchAttributes: Object.values(ATTRIBUTES), log: { format: 'pretty', level: 'error' } },
  });
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const precopy = async (): Promise<void> => {
    Context.current().heartbeat(LIVE_FIGURES);
    await Promise.race([released, Context.current().cancelled]);
  };
  const workers = [
    await Worker.create({ connection: env.nativeConnection, taskQueue: MIGRATIONS_QUEUE, workflowsPath: join(__dirname, 'workflows.ts') }),
    await Worker.create({ connection: env.nativeConnection, taskQueue: nodeQueue('pve1'), activities: { precopy } }),
  ];
  const running = Promise.all(workers.map((worker) => worker.run()));
  return {
    env,
    clientEnv: { TEMPORAL_ADDRESS: env.address, ...(env.namespace === undefined ? {} : { TEMPORAL_NAMESPACE: env.namespace }) },
    releaseActivity: release,
    stop: async () => {
      release();
      for (const worker of workers) worker.shutdown();
      await running;
      await env.teardown();
    },
  };
}
