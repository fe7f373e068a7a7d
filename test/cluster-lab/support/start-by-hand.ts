import { awaitEnding } from '../../../client/api/outcome.js';
import type { FerryClient } from '../../../client/index.js';

export interface HandStarted {
  result(): Promise<unknown>;
  /** The sentence it fails with. */
  failure(): Promise<string>;
}

/** As the Temporal UI starts a workflow: a type, a queue, an id of the operator's, one JSON document. */
export async function startByHand(client: FerryClient, id: string, input: unknown): Promise<HandStarted> {
  const handle = await client.temporal.workflow.start('migrateGuest', { taskQueue: 'migrations', workflowId: `${id}-${Date.now()}`, args: [input] });
  return {
    result: () => handle.result(),
    failure: async () => {
      const ending = await awaitEnding(handle);
      if (ending.kind === 'no-report') return ending.sentence;
      if (ending.report.outcome === 'migrated') throw new Error('expected a failure, but it migrated');
      return ending.report.reason;
    },
  };
}
