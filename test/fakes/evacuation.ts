import { randomUUID } from 'node:crypto';
import { WorkflowFailedError, type WorkflowHandle, type WorkflowHandleWithFirstExecutionRunId, type WorkflowStartOptions } from '@temporalio/client';
import type { ApplicationFailure } from '@temporalio/common';
import type { EvacuationProgress, GuestState } from '../../domain/contracts/evacuation-progress.js';
import type { EvacuationReport } from '../../domain/contracts/evacuation-report.js';
import { MIGRATIONS_QUEUE } from '../../domain/ids.js';
import type { FakeOptions } from './activities.js';
import type { Bench } from './bench.js';
import { FakeCluster, type FakeClusterOptions } from './cluster.js';

export const start = (bench: Bench, type: string, raw: Readonly<Record<string, unknown>>, limits: Pick<WorkflowStartOptions, 'workflowExecutionTimeout'> = { workflowExecutionTimeout: '100s' }): Promise<WorkflowHandleWithFirstExecutionRunId> =>
  bench.env.client.workflow.start(type, { taskQueue: MIGRATIONS_QUEUE, workflowId: `${type}-${randomUUID()}`, args: [raw], ...limits });

export const evacuate = (bench: Bench, cluster: FakeCluster, raw: object = {}): Promise<WorkflowHandle> => start(bench, 'evacuateNode', { node: cluster.node(0), ...raw });

export async function reportOf(handle: WorkflowHandle): Promise<EvacuationReport> {
  try {
    return (await handle.result()) as EvacuationReport;
  } catch (error) {
    const report = error instanceof WorkflowFailedError ? (error.cause as ApplicationFailure | undefined)?.details?.[0] : undefined;
    if (report === undefined) throw error;
    return report as EvacuationReport;
  }
}

export const progressOf = (handle: WorkflowHandle): Promise<EvacuationProgress> => handle.query<EvacuationProgress>('evacuation');
export const countOf = async (handle: WorkflowHandle, state: GuestState): Promise<number> => (await progressOf(handle).catch(() => null))?.guests.filter((guest) => guest.state === state).length ?? 0;
export const tell = (handle: WorkflowHandle, update: string, input: object = {}): Promise<string> => handle.executeUpdate<string, [object]>(update, { args: [{ by: 'tester', ...input }] });

export async function withCluster(bench: Bench, options: FakeClusterOptions, tale: (cluster: FakeCluster) => Promise<void>): Promise<void> {
  const cluster = new FakeCluster(bench, options);
  await cluster.start();
  try {
    await tale(cluster);
    expect(cluster.violations).toEqual([]);
  } finally {
    await cluster.stop();
  }
}

/** Stops a migration at a step until it is called off. */
export function holdAt(step: string): { readonly options: Partial<FakeOptions>; readonly reached: Promise<void> } {
  let reach = (): void => undefined;
  const reached = new Promise<void>((resolve) => {
    reach = resolve;
  });
  return { options: { holdAt: step, onHold: () => reach() }, reached };
}

export const whoMovedTwice = ({ begun }: FakeCluster): string[] => begun.filter((move, index) => begun.findIndex((other) => other.split(' ')[0] === move.split(' ')[0]) !== index);
