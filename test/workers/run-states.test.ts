import { ServiceError } from '@temporalio/client';
import { createReadRun } from '../../workers/run-states.js';

const EPOCH = '11111111-2222-3333-4444-555555555555';
const OWN = 'migrate-guest-101';
const CLEAN_UP = 'clean-up-guest-101-555555555555';
const [RUNNING, TERMINATED] = [1, 5];
const grpc = (code: number): Error => Object.assign(new Error(`code ${code}`), { code, details: '', metadata: {} });

interface Run {
  readonly status: number;
  readonly firstRunId: string;
  readonly runId?: string;
}

/** A server that knows these workflows' newest runs. */
function readRun(known: Readonly<Record<string, Run | Error>>): ReturnType<typeof createReadRun> {
  const describeWorkflowExecution = ({ execution: { workflowId } }: { execution: { workflowId: string } }): Promise<unknown> => {
    const run = known[workflowId] ?? grpc(5);
    return run instanceof Error ? Promise.reject(run) : Promise.resolve({ workflowExecutionInfo: { status: run.status, firstRunId: run.firstRunId, execution: { runId: run.runId ?? run.firstRunId } } });
  };
  return createReadRun({ workflowService: { describeWorkflowExecution }, options: { namespace: 'default' } } as unknown as Parameters<typeof createReadRun>[0]);
}

test.each<[string, Readonly<Record<string, Run | Error>>, string]>([
  ['its first run is open', { [OWN]: { status: RUNNING, firstRunId: EPOCH } }, 'open'],
  ['a run it was reset to is open', { [OWN]: { status: RUNNING, firstRunId: EPOCH, runId: 'later' } }, 'open'],
  ['terminated', { [OWN]: { status: TERMINATED, firstRunId: EPOCH } }, 'closed'],
  ['another migration runs under the same id', { [OWN]: { status: RUNNING, firstRunId: 'another' } }, 'closed'],
  ['the server knows nothing', {}, 'gone'],
  ['ended, but a clean-up waits for a node it had to leave', { [OWN]: { status: TERMINATED, firstRunId: EPOCH }, [CLEAN_UP]: { status: RUNNING, firstRunId: 'x' } }, 'open'],
  ['that clean-up has ended too', { [OWN]: { status: TERMINATED, firstRunId: EPOCH }, [CLEAN_UP]: { status: 2, firstRunId: 'x' } }, 'closed'],
  ['the server does not answer', { [OWN]: grpc(14), [CLEAN_UP]: grpc(14) }, 'unknown'],
  ['half an answer', { [OWN]: { status: TERMINATED, firstRunId: EPOCH }, [CLEAN_UP]: grpc(14) }, 'unknown'],
  ['something else went wrong', { [OWN]: new ServiceError('broken') }, 'unknown'],
])('%s', async (_title, known, state) => {
  expect(await readRun(known)({ vmid: 101, epoch: EPOCH, workflowId: OWN })).toBe(state);
});
