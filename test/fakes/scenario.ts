import { randomUUID } from 'node:crypto';
import { setTimeout as pause } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { CancelledFailure, type ApplicationFailure } from '@temporalio/common';
import { MIGRATIONS_QUEUE, nodeQueue, settlementWorkflowId } from '../../domain/ids.js';
import type { MigrationProgress } from '../../domain/contracts/progress.js';
import type { MigrationReport } from '../../domain/contracts/report.js';
import { createReadRun } from '../../workers/run-states.js';
import { createReleaseSlots, createRequestSlots } from '../../workers/slot-ledgers.js';
import type { Timings } from '../../workflows/timings.js';
import { FakeActivities, type FakeOptions } from './activities.js';
import type { Agent, Bench } from './bench.js';
import { nodeActivities } from './node-activities.js';
import type { World } from './world.js';

export interface ScenarioOptions extends Omit<FakeOptions, 'vmid' | 'source' | 'target' | 'onAway' | 'onHold'> {
  readonly timings?: Partial<Timings>;
  /** The test itself calls `comeBack`; otherwise an agent that went away is back as soon as the workflow says that it waits. */
  readonly manualReturn?: boolean;
  readonly raw?: Readonly<Record<string, unknown>>;
  /** How long a task of the workflow may last, e.g. `1s`. */
  readonly taskTimeout?: '1s';
}

export interface Ending {
  readonly status: 'completed' | 'failed' | 'cancelled';
  readonly failureType: string | null;
  readonly message: string;
  readonly report: MigrationReport | null;
}

const FAST: Partial<Timings> = { retryInitialMs: 50, retryMaximumMs: 200, observerRetryMs: 100, persistInitialMs: 50, persistMaximumMs: 500 };
/** Node loss is noticed within a second or two. */
export const SHORT: Partial<Timings> = { ...FAST, retryInitialMs: 300, retryMaximumMs: 500, heartbeatMs: 1000, scheduleToStartMs: 1500, needsOperatorMs: 500, probeMs: 1000 };

/** One guest of its own on two nodes of its own, so that many scenarios can run side by side. */
export class Scenario {
  readonly vmid: number;
  readonly source: string;
  readonly target: string;
  readonly fakes: FakeActivities;
  readonly held: Promise<void>;
  readonly #bench: Bench;
  readonly #options: ScenarioOptions;
  readonly #agents: Record<'source' | 'target', Agent>;
  readonly #away = new Set<'source' | 'target'>();

  constructor(bench: Bench, options: ScenarioOptions = {}) {
    this.#bench = bench;
    this.#options = options;
    this.vmid = bench.newGuest();
    this.source = `a${this.vmid}`;
    this.target = `b${this.vmid}`;
    let onHold = (): void => undefined;
    this.held = new Promise((resolve) => {
      onHold = resolve;
    });
    this.fakes = new FakeActivities({
      requestSlots: createRequestSlots(bench.env.client.workflow), releaseSlots: createReleaseSlots(bench.env.client.workflow), ...options, vmid: this.vmid, source: this.source, target: this.target, onHold, readRun: createReadRun(bench.env.client.workflow),
      onAway: (side) => {
        this.#away.add(side);
        void this.#agents[side].stop();
      },
    });
    bench.register(this.vmid, this.fakes.cluster());
    this.#agents = {
      source: bench.agent(nodeQueue(this.source), { ...this.fakes.source(), ...nodeActivities(this.world, 'source', this.source) }),
      target: bench.agent(nodeQueue(this.target), { ...this.fakes.target(), ...nodeActivities(this.world, 'target', this.target) }),
    };
  }

  get world(): World {
    return this.fakes.world;
  }

  async start(workflowType = 'migrateGuest'): Promise<WorkflowHandle> {
    await Promise.all([this.#agents.source.start(), this.#agents.target.start()]);
    return this.startWorkflow(workflowType);
  }

  /** A workflow on this guest with agents that are running already. */
  startWorkflow(workflowType = 'migrateGuest'): Promise<WorkflowHandle> {
    return this.#bench.env.client.workflow.start(workflowType, {
      taskQueue: MIGRATIONS_QUEUE,
      workflowId: `${workflowType}-${this.vmid}-${randomUUID()}`,
      args: [{ vmid: this.vmid, target: this.target, ...this.#options.raw }],
      // A bug in workflow code fails tasks for ever: the test shall fail, not hang.
      workflowExecutionTimeout: '50s',
      memo: { timings: this.#options.timings ?? FAST },
      ...(this.#options.taskTimeout === undefined ? {} : { workflowTaskTimeout: this.#options.taskTimeout }),
    });
  }

  /** Ends what a closed run has left, as an agent asks for it. */
  settle(epoch: string, nodes: readonly string[] = [this.source, this.target]): Promise<WorkflowHandle> {
    return this.#bench.env.client.workflow.start('settleMigration', {
      taskQueue: MIGRATIONS_QUEUE, workflowId: settlementWorkflowId({ vmid: this.vmid, epoch }), workflowIdConflictPolicy: 'USE_EXISTING',
      args: [{ vmid: this.vmid, epoch, nodes }], workflowExecutionTimeout: '50s', memo: { timings: this.#options.timings ?? FAST },
    });
  }

  /** From start to end, bringing back agents that went away as soon as the workflow says that it waits. */
  play(meanwhile: (handle: WorkflowHandle) => Promise<void> = () => Promise.resolve()): Promise<Ending & { handle: WorkflowHandle }> {
    return this.playThen(meanwhile, () => Promise.resolve());
  }

  /** As `play`, with something to do before the agents are stopped. */
  async playThen(meanwhile: (handle: WorkflowHandle) => Promise<void>, afterwards: (ending: Ending) => Promise<void>): Promise<Ending & { handle: WorkflowHandle }> {
    const handle = await this.start();
    try {
      const over = { now: false };
      const ending = endingOf(handle).finally(() => {
        over.now = true;
      });
      await Promise.race([ending, Promise.all([meanwhile(handle), this.#options.manualReturn ? null : this.#bringBack(handle, over)])]);
      const ended = await ending;
      await afterwards(ended);
      return { ...ended, handle };
    } finally {
      await this.stop();
    }
  }

  /** As the fault `away`, at a moment of the test's choice. */
  goAway(side: 'source' | 'target'): Promise<void> {
    this.#away.add(side);
    return this.#agents[side].stop();
  }

  async comeBack(): Promise<void> {
    const back = [...this.#away];
    this.#away.clear();
    await Promise.all(back.map((side) => this.#agents[side].start()));
  }

  async stop(): Promise<void> {
    await Promise.all([this.#agents.source.stop(), this.#agents.target.stop()]);
  }

  async #bringBack(handle: WorkflowHandle, over: { readonly now: boolean }): Promise<void> {
    while (!over.now) {
      if (this.#away.size > 0 && (await progressOf(handle)).waitingFor !== null) await this.comeBack();
      await pause(50);
    }
  }
}

/** Asks until the answer is yes; the test's own time limit is the limit. */
export async function eventually(ask: () => Promise<boolean>): Promise<void> {
  while (!(await ask())) await pause(50);
}

export const progressOf = (handle: WorkflowHandle): Promise<MigrationProgress> => handle.query<MigrationProgress>('progress');

export async function endingOf(handle: WorkflowHandle): Promise<Ending> {
  try {
    return { status: 'completed', failureType: null, message: '', report: (await handle.result()) as MigrationReport };
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { cause } = error;
    if (cause instanceof CancelledFailure) {
      return { status: 'cancelled', failureType: null, message: cause.message, report: (await progressOf(handle)).report };
    }
    const failure = cause as ApplicationFailure;
    return { status: 'failed', failureType: failure.type ?? null, message: failure.message, report: (failure.details?.[0] as MigrationReport | undefined) ?? null };
  }
}
