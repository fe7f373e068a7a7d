import { join } from 'node:path';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { DefaultLogger, Runtime, Worker, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import { Context } from '@temporalio/activity';
import type { ClusterActivities } from '../../domain/contracts/activities.js';
import type { EvacuationActivities } from '../../domain/contracts/evacuation-activities.js';
import { MIGRATIONS_QUEUE } from '../../domain/ids.js';
import { registerSearchAttributes } from '../../workers/search-attributes.js';
import { createFollowActivities } from '../../workers/follow-migration.js';
import { bundleWorkflows } from '../../workers/workflow-bundle.js';
import { temporalBinary } from './temporal-binary.js';

const quiet = new DefaultLogger('ERROR');
const serverSettings = {
  'frontend.enableServerVersionCheck': false,
  'frontend.enableCancelWorkerPollsOnShutdown': true,
  'history.transferProcessorMaxPollRPS': 500,
  'history.timerProcessorMaxPollRPS': 500,
};

/** A Temporal dev server with one control worker whose cluster activities are looked up by guest number. */
export class Bench {
  readonly env: TestWorkflowEnvironment;
  readonly control: Agent;
  readonly #clusters: Map<number, ClusterActivities>;
  readonly #nodes: Map<string, EvacuationActivities>;
  #guests = 100;

  private constructor(env: TestWorkflowEnvironment, control: Agent, clusters: Map<number, ClusterActivities>, nodes: Map<string, EvacuationActivities>) {
    this.env = env;
    this.control = control;
    this.#clusters = clusters;
    this.#nodes = nodes;
  }

  /** `entry`: of what the control worker runs, where that is not what the workflow tests run. */
  static async start(entry?: string): Promise<Bench> {
    const path = temporalBinary();
    Runtime.install({ logger: quiet, telemetryOptions: { logging: { forward: {}, filter: 'ERROR' } } });
    const extraArgs = Object.entries(serverSettings).flatMap(([key, value]) => ['--dynamic-config-value', `${key}=${value}`]);
    const env = await TestWorkflowEnvironment.createLocal({
      server: { executable: { type: 'existing-path', path }, extraArgs, log: { format: 'pretty', level: 'error' } },
    });
    await registerSearchAttributes(env.nativeConnection, 'default');
    const workflowBundle = entry === undefined ? bundledOnce() : { code: await bundleWorkflows(join(process.env['FERRY_HOME'] ?? '.', entry), quiet) };
    const clusters = new Map<number, ClusterActivities>();
    const nodes = new Map<string, EvacuationActivities>();
    const follow = createFollowActivities(env.client.workflow, () => Context.current().cancelled);
    const activities = { ...dispatcher(clusters), ...nodeDispatcher(nodes), followMigration: beating(follow.followMigration), freeStuck: beating(follow.freeStuck) };
    const control = new Agent(env.nativeConnection, MIGRATIONS_QUEUE, { workflowBundle, activities });
    await control.start();
    return new Bench(env, control, clusters, nodes);
  }

  newGuest(): number {
    this.#guests += 1;
    return this.#guests;
  }

  register(vmid: number, activities: ClusterActivities): void {
    this.#clusters.set(vmid, activities);
  }

  registerNode(node: string, activities: EvacuationActivities): void {
    this.#nodes.set(node, activities);
  }

  agent(queue: string, activities: object, options: Partial<WorkerOptions> = {}): Agent {
    return new Agent(this.env.nativeConnection, queue, { activities, ...options });
  }

  /** Takes the control worker away, with all it remembers, and brings another. */
  async restartControl(meanwhile: () => Promise<void>): Promise<void> {
    await this.control.stop();
    await meanwhile();
    await this.control.start();
  }

  async stop(): Promise<void> {
    await this.control.stop();
    await this.env.teardown();
  }
}

function bundledOnce(): { codePath: string } {
  const codePath = process.env['FERRY_TEST_WORKFLOWS'];
  if (codePath === undefined) throw new Error('no workflow bundle: test/fakes/bundle-once.cjs has not run');
  return { codePath };
}

/** A worker that can go away and come back. */
export class Agent {
  readonly #connection: NativeConnection;
  readonly #queue: string;
  readonly #options: Partial<WorkerOptions>;
  #worker: Worker | null = null;
  #running: Promise<void> = Promise.resolve();

  constructor(connection: NativeConnection, queue: string, options: Partial<WorkerOptions>) {
    this.#connection = connection;
    this.#queue = queue;
    this.#options = options;
  }

  async start(): Promise<void> {
    await this.#running;
    this.#worker = await Worker.create({
      connection: this.#connection,
      taskQueue: this.#queue,
      maxHeartbeatThrottleInterval: 100,
      shutdownGraceTime: 0,
      ...this.#options,
    });
    this.#running = this.#worker.run();
  }

  /** Resolves when the worker has ended; calling it again is harmless. */
  async stop(): Promise<void> {
    if (this.#worker?.getState() === 'RUNNING') this.#worker.shutdown();
    await this.#running;
  }
}

function dispatcher(clusters: Map<number, ClusterActivities>): ClusterActivities {
  const names: readonly (keyof ClusterActivities)[] = ['openRequest', 'lockGuest', 'unlockGuest', 'readDecision', 'decideAborted', 'forgetEpoch', 'endEpoch', 'probeNode', 'fenceDelayMs', 'fenceNode', 'openSettlement', 'readRun', 'listNodes', 'requestSlots', 'releaseSlots'];
  const dispatch = (name: keyof ClusterActivities) => async (input: { vmid: number }, ...more: unknown[]): Promise<unknown> => {
    const cluster = clusters.get(input.vmid);
    if (cluster === undefined) throw new Error(`no world for vm ${input.vmid}`);
    return (cluster[name] as (...inputs: unknown[]) => Promise<unknown>)(input, ...more);
  };
  return Object.fromEntries(names.map((name) => [name, dispatch(name)])) as unknown as ClusterActivities;
}

/** By the node the call is about; only a window is anybody's. */
function nodeDispatcher(nodes: Map<string, EvacuationActivities>): EvacuationActivities {
  const names: readonly (keyof EvacuationActivities)[] = ['openEvacuation', 'planEvacuation', 'cordonNode', 'uncordonNode', 'recordMoved', 'recordReturned', 'openReturn', 'openRoll', 'windowAt'];
  const dispatch = (name: keyof EvacuationActivities) => async (input: { node?: string; request?: { node: string }; groups?: string[][]; nodes?: string[]; window?: string }): Promise<unknown> => {
    const node = input.node ?? input.request?.node ?? input.groups?.[0]?.[0] ?? input.nodes?.[0] ?? input.window ?? '';
    const found = nodes.get(node);
    if (found === undefined) throw new Error(`no cluster with node ${node}`);
    return (found[name] as (input: unknown) => Promise<unknown>)(input);
  };
  return Object.fromEntries(names.map((name) => [name, dispatch(name)])) as unknown as EvacuationActivities;
}

function beating<I, O>(activity: (input: I) => Promise<O>): (input: I) => Promise<O> {
  return async (input) => {
    const beat = setInterval(() => Context.current().heartbeat(), 200);
    return activity(input).finally(() => clearInterval(beat));
  };
}
