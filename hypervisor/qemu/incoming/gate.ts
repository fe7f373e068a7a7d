import { EventEmitter, once } from 'node:events';
import { MigrationError, messageOf } from '../../../domain/errors.js';
import type { CommitTimes } from '../../../domain/contracts/activities.js';
import type { EpochRef } from '../../../domain/ids.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import { failpoint } from '../../failpoint.js';
import type { HandoffAnswer } from '../../transport/handoff/client.js';
import type { QmpClient } from '../qmp/client.js';
import { Monitor } from '../qmp/monitor.js';
import { commit, type ConfigToMove } from './commit.js';
import type { TargetDeps } from './target-deps.js';

/** The source only hands over after its own `completed`, so ours is there or arrives within moments. */
const INCOMING_TIMEOUT_MS = 10_000;

/**
 * The target's fence: lets its copy run only when it saw, for this epoch, its own incoming migration complete, a
 * HANDOVER, and `committed` on the token by its own rename. A repeated HANDOVER gets the same answer.
 */
export class CommitGate {
  readonly #deps: TargetDeps;
  readonly #ref: EpochRef;
  readonly #plan: LivePlan;
  readonly #client: QmpClient;
  readonly #config: ConfigToMove;
  readonly #done = new EventEmitter();
  #complete: Promise<void>;
  #answering: Promise<HandoffAnswer> | null = null;
  #times: CommitTimes | null = null;

  constructor(deps: TargetDeps, ref: EpochRef, plan: LivePlan, client: QmpClient, config: ConfigToMove) {
    this.#deps = deps;
    this.#ref = ref;
    this.#plan = plan;
    this.#client = client;
    this.#config = config;
    this.#complete = watchComplete(client);
    this.#complete.catch(() => undefined);
  }

  get times(): CommitTimes | null {
    return this.#times;
  }

  /** The times of a commit, waiting for one that is under way; null: there was none. */
  async settled(): Promise<CommitTimes | null> {
    await this.#answering;
    return this.#times;
  }

  /** HANDOVER has arrived. */
  onHandover(): Promise<HandoffAnswer> {
    this.#answering ??= this.#commit();
    return this.#answering;
  }

  /** Resolves when the guest was committed here; rejects when its QEMU ended before. */
  async committed(signal: AbortSignal): Promise<CommitTimes> {
    const gone = new AbortController();
    const stop = this.#client.onClose(() => gone.abort());
    try {
      while (this.#times === null) {
        if (this.#client.closed) throw new MigrationError('MigrationFailed', `wait for the guest failed: VM ${this.#ref.vmid}: its QEMU on ${this.#deps.node} ended`);
        await once(this.#done, 'changed', { signal: AbortSignal.any([signal, gone.signal]) }).catch((error: unknown) => {
          if (signal.aborted) throw error;
        });
      }
      return this.#times;
    } finally {
      stop();
    }
  }

  async #commit(): Promise<HandoffAnswer> {
    try {
      await failpoint('target.handover.after');
      await withTimeout(this.#complete, INCOMING_TIMEOUT_MS);
      // A copy that arrived and died since is none: undecided, the source can still go on.
      if (this.#client.closed) throw new MigrationError('MigrationFailed', `take over failed: VM ${this.#ref.vmid}: its QEMU on ${this.#deps.node} ended`);
      const times = await commit(this.#deps, this.#ref, this.#plan, new Monitor(this.#client), this.#config);
      this.#times = times;
      this.#done.emit('changed');
      // After the answer: the guest runs, nothing hurries any more.
      setImmediate(() => void this.#noteRunning().catch(() => undefined));
      await failpoint('target.answer.before');
      return { kind: 'committed', ...times };
    } catch (error) {
      this.#answering = null;
      const decision = await this.#deps.token.read(this.#ref.vmid, this.#ref.epoch).catch(() => 'undecided' as const);
      return { kind: 'refused', decision, reason: messageOf(error) };
    }
  }

  async #noteRunning(): Promise<void> {
    await this.#deps.journal.append(this.#ref.vmid, this.#ref.epoch, 'running');
    await failpoint('target.running.after');
  }
}

/** Resolves when this QEMU has loaded the whole guest. */
async function watchComplete(client: QmpClient): Promise<void> {
  const event = client.waitForEvent((e) => e.event === 'MIGRATION' && (e.data['status'] === 'completed' || e.data['status'] === 'failed'), 2 ** 31 - 1);
  event.catch(() => undefined);
  const { status } = await new Monitor(client).queryMigrate();
  const seen = status === 'completed' || status === 'failed' ? status : (await event).data['status'];
  if (seen !== 'completed') throw new MigrationError('MigrationFailed', 'load guest failed: QEMU ended the incoming migration as failed');
}

async function withTimeout(promise: Promise<void>, timeoutMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new MigrationError('MigrationFailed', `load guest failed: not complete ${timeoutMs} ms after the hand-over`)), timeoutMs);
  });
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
