import { ApplicationFailure } from '@temporalio/common';
import type { WorkerOptions } from '@temporalio/worker';
import type { SlotsConfig } from '../../domain/admission/limits.js';
import type { ClusterActivities, SourceActivities, TargetActivities } from '../../domain/contracts/activities.js';
import type { Absentees, Cordon } from '../../domain/contracts/cordon.js';
import type { EvacuationActivities, MaintenanceActivities } from '../../domain/contracts/evacuation-activities.js';
import type { NodeRemains } from '../../domain/contracts/evacuation.js';
import { parseEvacuationRequest } from '../../domain/edge/evacuation-request.js';
import { parseReturnRequest } from '../../domain/edge/return-request.js';
import { parseRollRequest } from '../../domain/edge/roll-request.js';
import { nodeQueue, type NodeName, type Vmid } from '../../domain/ids.js';
import { windowAt, type WindowState } from '../../domain/window/window-at.js';
import { FakeActivities, type FakeOptions } from './activities.js';
import type { Agent, Bench } from './bench.js';
import { planByLoad } from './plan-by-load.js';
import { nodeActivities } from './node-activities.js';
import { slotsBetween } from './slots.js';
import { surveyOf } from './survey.js';
import { watched } from './watched.js';

export interface FakeGuest {
  readonly vmid: Vmid;
  node: NodeName;
  readonly applications: readonly string[];
  readonly blocked: boolean;
  /** The faults of each of its migrations, in order. */
  readonly attempts: Partial<FakeOptions>[];
  moves: number;
  fakes: FakeActivities | null;
}

export interface FakeClusterOptions {
  readonly nodes: number;
  /** Guests a node has room for. */
  readonly room?: number;
  readonly healthy?: (vmid: Vmid) => boolean;
  readonly window?: (atMs: number) => WindowState;
  /** How long a step takes: awaited before its effect. */
  readonly pace?: (call: string) => Promise<void>;
  readonly hook?: (node: NodeName) => Promise<void>;
  /** Migrations ask the ledgers of their nodes; absent: they ask nobody. */
  readonly slots?: SlotsConfig;
  /** Called before each step of the evacuation itself; what it throws is the step's failure. */
  readonly before?: (step: string) => void;
}

/** Of a cordon whose evacuation has ended. */
export const OVER = 'over';

/** Like a real agent: few polls, few heartbeats. */
const AS_ON_A_NODE: Partial<WorkerOptions> = { activityTaskPollerBehavior: { type: 'simple-maximum', maximum: 2 }, maxHeartbeatThrottleInterval: '700ms' };

/** Nodes with agents, guests with their migrations, cordons: everything an evacuation acts on, in memory, watched for what must never happen. */
export class FakeCluster {
  readonly nodes: readonly NodeName[];
  readonly guests = new Map<Vmid, FakeGuest>();
  readonly cordons = new Map<NodeName, Cordon>();
  readonly away = new Map<NodeName, Absentees>();
  readonly violations: string[] = [];
  /** Every migration that was begun, as `101 a→b`. */
  readonly begun: string[] = [];
  readonly remains: NodeRemains[] = [];
  plans = 0;
  most = 0;
  /** A window of its own, whose clock the test is. */
  readonly window: string;
  readonly #bench: Bench;
  readonly #options: FakeClusterOptions;
  readonly #agents = new Map<NodeName, Agent>();
  readonly #moving = new Map<Vmid, FakeGuest>();
  readonly #inherited = new Set<string>();

  constructor(bench: Bench, options: FakeClusterOptions) {
    this.#bench = bench;
    this.#options = options;
    const prefix = `n${bench.newGuest()}`;
    this.nodes = Array.from({ length: options.nodes }, (_, index) => `${prefix}-${index + 1}`);
    this.window = `22:${String(bench.newGuest() % 60).padStart(2, '0')}-05:00 UTC`;
    const evacuation = watched(this.#evacuation(), options.before);
    for (const name of [this.window, ...this.nodes]) bench.registerNode(name, evacuation);
    for (const node of this.nodes) this.#agents.set(node, bench.agent(nodeQueue(node), this.#node(node), options.pace === undefined ? {} : AS_ON_A_NODE));
  }

  node(index: number): NodeName {
    return this.nodes[index] as NodeName;
  }

  add(count: number, { on = 0, applications = [], blocked = false, attempts = [] }: { on?: number; applications?: readonly string[]; blocked?: boolean; attempts?: Partial<FakeOptions>[] } = {}): Vmid[] {
    return Array.from({ length: count }, () => {
      const vmid = this.#bench.newGuest();
      this.guests.set(vmid, { vmid, node: this.node(on), applications, blocked, attempts, moves: 0, fakes: null });
      this.#bench.register(vmid, this.#cluster(vmid));
      return vmid;
    });
  }

  on(index: number): Vmid[] {
    return [...this.guests.values()].filter(({ node }) => node === this.node(index)).map(({ vmid }) => vmid);
  }

  async start(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.start()));
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#agents.values()].map((agent) => agent.stop()));
  }

  async die(index: number): Promise<void> {
    await this.#agents.get(this.node(index))?.stop();
  }

  async revive(index: number): Promise<void> {
    await this.#agents.get(this.node(index))?.start();
  }

  #cluster(vmid: Vmid): ClusterActivities {
    const fakes = (): ClusterActivities => (this.#guest(vmid).fakes ?? this.#newMove(vmid, this.#guest(vmid).node)).cluster();
    return new Proxy({} as ClusterActivities, {
      get: (_, name: keyof ClusterActivities) => async (input: never, ...more: never[]): Promise<unknown> => {
        if (name === 'openRequest') this.#newMove(vmid, (input as { target: NodeName }).target);
        if (name === 'lockGuest') this.#began(vmid);
        const answer: unknown = await (fakes()[name] as (...inputs: never[]) => Promise<unknown>)(input, ...more);
        if (name === 'unlockGuest' || name === 'endEpoch') this.#ended(vmid);
        return answer;
      },
    });
  }

  #newMove(vmid: Vmid, target: NodeName): FakeActivities {
    const guest = this.#guest(vmid);
    this.#settleNode(guest);
    const options = { ...slotsBetween(this.#bench, this.#options.slots, guest.node, target), ...(guest.attempts[guest.moves] ?? {}) };
    guest.moves += 1;
    guest.fakes = new FakeActivities({ switchAtVisit: 1, ...(this.#options.pace === undefined ? {} : { pauseAt: this.#options.pace }), ...options, vmid, source: guest.node, target });
    return guest.fakes;
  }

  /** Where its last migration left it. */
  #settleNode(guest: FakeGuest): void {
    if (guest.fakes !== null && guest.fakes.world.configOn === 'target') guest.node = guest.fakes.target_;
  }

  #began(vmid: Vmid): void {
    const guest = this.#guest(vmid);
    if (guest.fakes === null) return;
    const { source_, target_ } = guest.fakes;
    this.begun.push(`${vmid} ${source_}→${target_}`);
    if (this.cordons.has(target_)) this.violations.push(`${vmid} moves to the cordoned ${target_}`);
    for (const other of this.#moving.values()) {
      if (other.vmid !== vmid && other.applications.some((name) => guest.applications.includes(name))) this.violations.push(`${vmid} and ${other.vmid} of one application move at once`);
    }
    this.#moving.set(vmid, guest);
    this.most = Math.max(this.most, this.#moving.size);
  }

  #ended(vmid: Vmid): void {
    this.#moving.delete(vmid);
    const guest = this.#guest(vmid);
    this.violations.push(...(guest.fakes?.world.violations ?? []));
    this.#settleNode(guest);
  }

  #guest(vmid: Vmid): FakeGuest {
    const guest = this.guests.get(vmid);
    if (guest === undefined) throw new Error(`no guest ${vmid}`);
    return guest;
  }

  /** One node's agent: each call goes to the guest it is about, on the side that node has in its migration. */
  #node(node: NodeName): object {
    const names: readonly (keyof (SourceActivities & TargetActivities))[] = [
      'inspectSource', 'prepareSource', 'syncDisks', 'precopy', 'switchover', 'syncVolumes', 'handOverCold', 'limitBandwidth', 'rollbackSource', 'cleanupSource', 'resolveSource',
      'decideAborted', 'probePeer', 'inspectTarget', 'reserveTarget', 'armTarget', 'verifyRunning', 'releaseReservation', 'finishCommit', 'cleanupTarget', 'resolveTarget',
    ];
    const dispatch = (name: string) => (input: { vmid: Vmid }): Promise<unknown> => {
      const fakes = this.#guest(input.vmid).fakes;
      if (fakes === null) throw new Error(`guest ${input.vmid} is not being moved`);
      const side = { ...(fakes.source_ === node ? fakes.source() : fakes.target()) } as unknown as Record<string, (input: unknown) => Promise<unknown>>;
      return (side[name] as (input: unknown) => Promise<unknown>)(input);
    };
    const ledger = (input: { vmid: Vmid }): ReturnType<ReturnType<typeof nodeActivities>['readLedger']> => {
      const fakes = this.#guest(input.vmid).fakes as FakeActivities;
      return nodeActivities(fakes.world, fakes.source_ === node ? 'source' : 'target', node).readLedger(input as never);
    };
    return { ...Object.fromEntries(names.map((name) => [name, dispatch(name)])), readLedger: ledger, ...surveyOf(node, () => this.on(this.nodes.indexOf(node))), ...watched(this.#maintenance(node), this.#options.before) };
  }

  #maintenance(node: NodeName): MaintenanceActivities {
    return {
      proveEmpty: ({ except }) => {
        const guests = [...this.guests.values()].filter((guest) => guest.node === node && !except.includes(guest.vmid)).map(({ vmid }) => vmid);
        return Promise.resolve(this.remains.shift() ?? { guests, processes: [], volumes: [], reservations: [] });
      },
      checkGuestHealth: ({ vmid }) => {
        if (this.#options.healthy?.(vmid) !== false) return Promise.resolve();
        throw ApplicationFailure.create({ type: 'GuestUnhealthy', message: `check guest ${vmid} failed: no answer`, nonRetryable: true });
      },
      runHook: async () => {
        await this.#options.hook?.(node);
        return { output: '' };
      },
    };
  }

  #evacuation(): EvacuationActivities {
    return {
      openEvacuation: (raw) => Promise.resolve({ request: parseEvacuationRequest(raw), nodes: this.nodes }),
      planEvacuation: (input) => {
        this.plans += 1;
        return Promise.resolve(planByLoad(input, [...this.guests.values()], [...this.cordons.keys()], this.#options.room ?? Infinity));
      },
      cordonNode: ({ node, ...owner }) => {
        const holder = this.cordons.get(node);
        if (holder !== undefined && holder.epoch !== owner.epoch && holder.workflowId !== OVER) throw ApplicationFailure.create({ type: 'NodeCordoned', message: `cordon failed: ${node}: held by ${holder.workflowId}`, nonRetryable: true });
        this.cordons.set(node, { node, since: '', ...owner });
        if (holder?.workflowId === OVER) this.#inherited.add(owner.epoch);
        return Promise.resolve({ isNew: !this.#inherited.has(owner.epoch) });
      },
      uncordonNode: ({ node }) => Promise.resolve(void this.cordons.delete(node)),
      recordMoved: ({ node, request, moved }) => Promise.resolve(void this.away.set(node, { request, guests: [...(this.away.get(node)?.guests ?? []).filter(({ vmid }) => !moved.some((one) => one.vmid === vmid)), ...moved] })),
      recordReturned: ({ node, vmids }) => {
        const known = this.away.get(node);
        if (known !== undefined) this.away.set(node, { ...known, guests: known.guests.filter(({ vmid }) => !vmids.includes(vmid)) });
        return Promise.resolve();
      },
      openReturn: (raw) => {
        const request = parseReturnRequest(raw);
        const absentees = this.away.get(request.node) ?? null;
        const elsewhere = (absentees?.guests ?? []).flatMap(({ vmid, to }) => {
          const { node } = this.#guest(vmid);
          return node === to ? [] : [{ vmid, node }];
        });
        return Promise.resolve({ ...request, absentees, elsewhere });
      },
      openRoll: (raw) => Promise.resolve(parseRollRequest(raw)),
      windowAt: ({ window, atMs }) => Promise.resolve(this.#options.window?.(atMs) ?? windowAt(window, atMs)),
    };
  }
}
