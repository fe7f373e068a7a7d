import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { ClusterActivities, SourceActivities, TargetActivities } from '../../domain/contracts/activities.js';
import type { EpochRef } from '../../domain/ids.js';
import type { FenceResult, NodeProbe } from '../../domain/contracts/fencing.js';
import type { SlotNeed } from '../../domain/contracts/slots.js';
import type { RunState } from '../../domain/contracts/run-state.js';
import { parseSettleRequest } from '../../domain/edge/settle-request.js';
import type { GuestRunState } from '../../domain/contracts/facts.js';
import type { ErrorCode } from '../../domain/errors.js';
import { SINCE, nodeFacts } from './facts.js';
import { Faults, injected, type Fault, type SwitchFault } from './faults.js';
import { commitTimes, endpoints, sampleOf, switchoverResult } from './figures.js';
import { note } from './node-activities.js';
import { openRequest } from './open-request.js';
import { World, wholeCopy } from './world.js';

export interface FakeOptions extends Partial<Pick<ClusterActivities, 'requestSlots' | 'releaseSlots'>> {
  readonly vmid: number;
  readonly source: string;
  readonly target: string;
  readonly faults?: readonly Fault[];
  readonly switchFault?: SwitchFault;
  /** The driver switches at this visit; Infinity: never. */
  readonly switchAtVisit?: number;
  /** The last visit finds the switch over, and brings its result. */
  readonly bringsResult?: boolean;
  /** An activity that blocks until it is cancelled, for cancelling a workflow at that very step. */
  readonly holdAt?: string;
  /** What the source says of its QEMU after the roll-back. */
  readonly afterRollback?: GuestRunState;
  /** What the answer of the switch says of the guest on the target; absent: nothing, as an older agent. */
  readonly targetState?: GuestRunState;
  /** `openRequest` finds the guest's lock; otherwise only `lockGuest` does. */
  readonly seesLock?: boolean;
  /** Signs of life of a node, whoever looks for them. */
  readonly signsOfLife?: () => readonly string[];
  /** The fence command of every node: after how long, and how it ends. */
  readonly fence?: { readonly delayMs: number; run(): FenceResult };
  /** Awaited before each activity's effect. */
  readonly pauseAt?: (call: string) => Promise<void>;
  /** What the migration has to ask for. */
  readonly slots?: readonly SlotNeed[];
  readRun?(migration: EpochRef & { readonly workflowId: string }): Promise<RunState>;
  onAway?(side: 'source' | 'target'): void;
  onHold?(): void;
}

/** The three activity sets over one `World`: each does to it what the real one does to nodes and cluster file system. */
export class FakeActivities {
  readonly world: World;
  readonly faults: Faults;
  readonly decisions: string[] = [];
  readonly source_: string;
  readonly target_: string;
  onCleanupSource: (keepDisks: boolean) => void = () => undefined;
  readonly #options: FakeOptions;

  constructor(options: FakeOptions) {
    this.#options = options;
    this.source_ = options.source;
    this.target_ = options.target;
    this.world = new World(options.vmid, options.switchFault);
    this.faults = new Faults(options.faults ?? []);
  }

  readonly cluster = (): ClusterActivities => this.#wrap<ClusterActivities>('cluster', {
    openRequest: (raw, asker) => openRequest(this.#options, this.world, raw, asker),
    lockGuest: ({ epoch, workflowId, nodes }) => {
      const owner = this.world.lock;
      if (owner !== null && owner.epoch !== epoch) throw fail('GuestLocked', `lock guest failed: vm ${this.world.vmid}: held by workflow ${owner.workflowId}`);
      this.world.lock = { epoch, workflowId, ...(nodes === undefined ? {} : { nodes }) };
    },
    unlockGuest: ({ epoch }) => this.world.unlock(epoch),
    readDecision: () => this.world.token,
    decideAborted: () => this.world.decide('aborted'),
    forgetEpoch: ({ epoch }) => this.world.forget(epoch),
    endEpoch: ({ epoch }) => {
      this.world.forget(epoch);
      this.world.unlock(epoch);
    },
    probeNode: () => this.#looked('the control worker'),
    fenceDelayMs: () => this.#options.fence?.delayMs ?? null,
    fenceNode: () => this.#options.fence?.run() ?? { done: false, sentence: 'no fence command' },
    openSettlement: (raw) => {
      const { vmid, source, target } = this.#options;
      const { lock } = this.world;
      const owner = lock === null ? null : { ...lock, requestedBy: 'root@pam', since: SINCE };
      return { request: parseSettleRequest(raw), owner, configNode: vmid === this.world.vmid ? this.#options[this.world.configOn] : null, members: [source, target] };
    },
    readRun: (migration) => this.#options.readRun?.(migration) ?? 'unknown',
    requestSlots: (input) => this.#options.requestSlots?.(input) ?? [],
    releaseSlots: (input) => this.#options.releaseSlots?.(input),
    listNodes: () => [this.#options.source, this.#options.target],
  });

  readonly source = (): SourceActivities => this.#wrap<SourceActivities>('source', {
    inspectSource: () => nodeFacts(this.#options.vmid, this.#options.source, 1, true),
    prepareSource: (input) => {
      note(this.world, 'source', input);
      this.world.set('source', { journal: 'prepared' });
    },
    syncDisks: () => {
      this.world.set('source', { journal: 'mirrored' });
      return { copiedBytes: 1, elapsedMs: 1, disks: [] };
    },
    syncVolumes: () => ({ elapsedMs: 1, passes: 1, volumes: [] }),
    handOverCold: () => {
      throw fail('Internal', 'hand over failed: this stand-in moves running VMs only');
    },
    limitBandwidth: ({ bandwidthBytesPerSecond }) => {
      this.decisions.push(`disks ${bandwidthBytesPerSecond}`);
    },
    precopy: async ({ seenVisits, decision, takesResult }) => {
      const { world } = this;
      const visit = seenVisits + 1;
      this.decisions.push(decision.action);
      if (world.source.journal === 'handed-over') return { kind: 'switching', sample: sampleOf(visit) };
      world.set('source', { migrationStatus: 'active', journal: 'migrating' });
      if (visit < (this.#options.switchAtVisit ?? 3)) return { kind: 'round', sample: sampleOf(visit) };
      await untilCancelled(world.listening);
      return world.switchNow()
        ? { kind: 'switching', sample: sampleOf(visit), ...(takesResult === true && this.#options.bringsResult === true ? { result: switchoverResult } : {}) }
        : { kind: 'ended', cause: 'the switch was not allowed', sample: sampleOf(visit) };
    },
    switchover: () => {
      const { targetState } = this.#options;
      if (this.world.token === 'committed') return targetState === undefined ? switchoverResult : { ...switchoverResult, targetState };
      throw fail('TransportFailed', 'switchover failed: handoff channel: closed before COMMITTED');
    },
    rollbackSource: () => {
      if (this.world.token === 'committed') throw fail('SwitchoverRefused', 'roll back failed: the token says committed');
      this.world.set('source', { qemu: 'running', migrationStatus: 'cancelled', journal: null });
    },
    cleanupSource: ({ keepDisks = false }) => {
      this.onCleanupSource(keepDisks);
      this.world.set('source', { qemu: 'stopped', migrationStatus: null, journal: null });
      return { freedVolids: [] };
    },
    resolveSource: () => {
      const seen = this.#evidence('source', this.#options.source);
      return { ...seen, qemu: seen.migrationStatus === 'cancelled' ? (this.#options.afterRollback ?? seen.qemu) : seen.qemu, configHere: this.world.configOn === 'source' };
    },
    decideAborted: () => this.world.decide('aborted'),
    probePeer: () => this.#looked(this.#options.source),
  });

  readonly target = (): TargetActivities => this.#wrap<TargetActivities>('target', {
    inspectTarget: () => nodeFacts(this.#options.vmid, this.#options.target, 2, false),
    reserveTarget: (input) => {
      note(this.world, 'target', input);
      this.world.set('target', { qemu: 'inmigrate', journal: 'reserved' });
      if (this.world.token === 'none') this.world.token = 'undecided';
      this.world.tokenEpoch = input.epoch;
      return endpoints;
    },
    armTarget: async () => {
      this.world.listen(true);
      try {
        await untilCancelled(Promise.race([this.world.committed, this.world.targetDied.then(() => {
          throw fail('MigrationFailed', 'wait for the guest failed: its QEMU ended');
        })]));
        return commitTimes;
      } finally {
        this.world.listen(false);
      }
    },
    verifyRunning: () => {
      this.#requireOpenTarget();
      if (this.world.target.qemu !== 'running') throw fail('GuestNotRunning', 'verify failed: the guest does not run here');
      return { state: 'running' };
    },
    releaseReservation: () => {
      if (this.world.token === 'committed') throw fail('SwitchoverRefused', 'release failed: the token says committed');
      this.world.set('target', { qemu: 'stopped', migrationStatus: null, journal: null });
    },
    finishCommit: () => {
      this.#requireOpenTarget();
      if (this.world.token !== 'committed' && !wholeCopy(this.world.target)) throw fail('OwnershipUnknown', 'finish commit failed: no whole copy here');
      if (!this.world.commit()) throw fail('OwnershipUnknown', 'finish commit failed: the token says aborted');
      return commitTimes;
    },
    cleanupTarget: () => this.world.set('target', { migrationStatus: null, journal: null }),
    resolveTarget: () => ({ ...this.#evidence('target', this.#options.target), configHere: this.world.configOn === 'target' }),
    decideAborted: () => this.world.decide('aborted'),
    probePeer: () => this.#looked(this.#options.target),
  });

  #looked(observer: string): NodeProbe {
    return { answers: this.#options.signsOfLife?.() ?? [], silences: [`no sign of life, asked by ${observer}`] };
  }

  #requireOpenTarget(): void {
    if (this.world.noted.target !== null && this.world.target.journal === null) throw fail('StaleEpoch', 'use journal failed: it is closed');
  }

  #evidence(side: 'source' | 'target', node: string) {
    const { qemu, migrationStatus, journal } = this.world[side];
    return { node, qemu, migrationStatus, journalState: journal, decision: this.world.token };
  }

  #wrap<A extends object>(side: 'cluster' | 'source' | 'target', effects: Loose<A>): A {
    const wrapped = Object.entries<(...inputs: never[]) => unknown>(effects).map(([name, effect]) => {
      const call = `${side}.${name}`;
      return [name, (...inputs: never[]) => beating(async (fallSilent) => {
        this.world.calls.push(call);
        const fault = this.faults.arrive(call);
        if (fault?.when === 'away' && side !== 'cluster') this.#options.onAway?.(side);
        if (fault?.when === 'mute') return fallSilent();
        if (fault !== null && fault.when !== 'after') throw injected(fault);
        if (this.#options.holdAt === call) {
          this.#options.onHold?.();
          await Context.current().cancelled;
        }
        await this.#options.pauseAt?.(call);
        const result = await effect(...inputs);
        if (fault !== null) throw injected(fault);
        return result;
      })];
    });
    return Object.fromEntries(wrapped) as A;
  }
}

/** The activities of a set, each free to answer at once. */
type Loose<A> = { [K in keyof A]: A[K] extends (...args: infer P) => Promise<infer R> ? (...args: P) => R | Promise<R> : never };

async function beating<T>(work: (fallSilent: () => Promise<never>) => Promise<T>): Promise<T> {
  const context = Context.current();
  context.heartbeat();
  const beat = setInterval(() => context.heartbeat(), 100);
  try {
    return await work(() => {
      clearInterval(beat);
      return Context.current().cancelled;
    });
  } finally {
    clearInterval(beat);
  }
}

const untilCancelled = <T>(event: Promise<T>): Promise<T> => Promise.race([event, Context.current().cancelled]);

const fail = (code: ErrorCode, message: string): ApplicationFailure => ApplicationFailure.create({ type: code, message, nonRetryable: true });
