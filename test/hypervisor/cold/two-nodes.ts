import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createCommitToken } from '../../../cluster/commit-token.js';
import { createGuestConfigStore } from '../../../cluster/guest-config-store.js';
import { createGuestLock } from '../../../cluster/guest-lock.js';
import type { EpochRef } from '../../../domain/ids.js';
import type { ColdEndpoints } from '../../../domain/contracts/cold.js';
import type { ColdPlan } from '../../../domain/contracts/plan.js';
import type { CommitToken, GuestConfigStore } from '../../../domain/contracts/ports.js';
import { MigrationError } from '../../../domain/errors.js';
import type { GuestPower } from '../../../hypervisor/cold/guest-power.js';
import type { ColdSourceDeps } from '../../../hypervisor/cold/source-deps.js';
import { ColdSourceSessions } from '../../../hypervisor/cold/source-sessions.js';
import type { ColdTargetDeps, CopyServerInput } from '../../../hypervisor/cold/target-deps.js';
import { ColdTargetSessions } from '../../../hypervisor/cold/target-sessions.js';
import { createFileJournal } from '../../../hypervisor/journal/file-journal.js';
import { coldPlanOf } from '../../../hypervisor/journal/entry-plan.js';
import type { HandoffAnswer, HandoffClient } from '../../../hypervisor/transport/handoff/client.js';

export const REF: EpochRef = { vmid: 201, epoch: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee' };
const VOLUME = 'local:201/subvol-201-disk-0.subvol';
const CONFIG = `arch: amd64\nhostname: web\nrootfs: ${VOLUME},size=0T\n`;
const AT = { kind: 'unix', path: '/nowhere' } as const;

/** A guest's power that is only remembered. */
export class FakePower implements GuestPower {
  runs: boolean;
  stubborn = false;
  failsToStart: string | null = null;
  unhealthy: string | null = null;
  readonly calls: string[] = [];
  readonly #mayRun: () => void;

  /** `mayRun`: throws when another copy runs. */
  constructor(runs: boolean, mayRun: () => void) {
    this.runs = runs;
    this.#mayRun = mayRun;
  }

  state = (): Promise<'running' | 'stopped'> => Promise.resolve(this.runs ? 'running' : 'stopped');
  start = async (): Promise<void> => {
    this.calls.push('start');
    if (this.failsToStart !== null) throw new MigrationError('TargetStartFailed', this.failsToStart);
    this.#mayRun();
    this.runs = true;
  };
  shutDown = async (): Promise<void> => {
    this.calls.push('shut down');
    if (this.stubborn) throw new MigrationError('GuestNotStopped', 'shut down CT 201 failed: it did not halt within 1 s, and runs on');
    this.runs = false;
  };
  end = async (): Promise<void> => {
    this.calls.push('end');
    this.runs = false;
  };
  health = async (): Promise<void> => {
    if (this.unhealthy !== null) throw new MigrationError('GuestUnhealthy', this.unhealthy);
  };
}

/** Two nodes with real journals, token and configs; what they send each other goes by hand, and may be lost. */
export class TwoNodes {
  readonly dir = mkdtempSync(join(tmpdir(), 'ferry-cold-'));
  readonly pveRoot = join(this.dir, 'pve');
  readonly configs: GuestConfigStore;
  readonly token: CommitToken;
  readonly plan: ColdPlan;
  readonly powers: { readonly source: FakePower; readonly target: FakePower };
  readonly freed: string[] = [];
  /** Snapshots on either node. */
  readonly snapshots: string[] = [];
  readonly received: string[] = [];
  /** The next copies fail so. */
  copyFails: ((final: boolean) => Error | null) = () => null;
  answerLost = false;
  /** The next opening of the source's ways fails so. */
  waysFail: Error | null = null;
  /** How often the target has broken what copies. */
  severed = 0;
  differs = false;
  dies: 'after freeing' | null = null;
  copies: CopyServerInput | null = null;
  onHandover: (() => Promise<HandoffAnswer>) | null = null;
  source: ColdSourceSessions;
  target: ColdTargetSessions;
  readonly #journals = { source: this.#journal('source'), target: this.#journal('target') };

  constructor(mode: ColdPlan['mode'] = 'restart') {
    for (const node of ['pve1', 'pve2']) for (const kind of ['lxc', 'qemu-server']) mkdirSync(join(this.pveRoot, 'nodes', node, kind), { recursive: true });
    mkdirSync(join(this.pveRoot, 'priv'));
    writeFileSync(join(this.pveRoot, 'nodes/pve1/lxc/201.conf'), CONFIG);
    this.configs = createGuestConfigStore(this.pveRoot);
    this.token = createCommitToken(this.pveRoot);
    this.plan = {
      vmid: 201, name: 'web', source: 'pve1', target: 'pve2', mode, kind: 'lxc', stopTimeoutSeconds: 1, healthCheck: null, bandwidthBytesPerSecond: null,
      transport: { type: 'secure', network: null, sourceAddress: '10.0.0.1', targetAddress: '10.0.0.2', multifdChannels: 0 },
      volumes: [{ volid: VOLUME, usedAs: 'rootfs', sourceFormat: 'subvol', targetStorage: 'fast', targetFormat: 'subvol', sizeBytes: 0, usedBytes: 10, fixedName: false }],
    };
    const alone = (other: () => boolean) => (): void => { if (other()) throw new Error('two copies run'); };
    this.powers = { source: new FakePower(mode === 'restart', alone(() => this.powers.target.runs)), target: new FakePower(false, alone(() => this.powers.source.runs)) };
    this.source = new ColdSourceSessions(this.#sourceDeps());
    this.target = new ColdTargetSessions(this.#targetDeps());
  }

  async reserve(): Promise<ColdEndpoints> {
    await createGuestLock(this.pveRoot, this.configs).take(201, 'pve1', { epoch: REF.epoch, workflowId: 'w', requestedBy: 'test', since: 'now' });
    await this.source.prepare(REF, this.plan, 'w');
    return this.target.reserve(REF, this.plan);
  }

  /** As a migration's last step does. */
  async unlock(): Promise<void> {
    await createGuestLock(this.pveRoot, this.configs).release(REF.vmid, REF.epoch);
  }

  /** The agent of this side died and is started again. */
  async restart(side: 'source' | 'target'): Promise<readonly string[]> {
    const journal = this.#journal(side);
    this.#journals[side] = journal;
    const entries = (await journal.openEntries()).filter((entry) => coldPlanOf(entry) !== null);
    if (side === 'source') this.source = new ColdSourceSessions(this.#sourceDeps());
    else this.target = new ColdTargetSessions(this.#targetDeps());
    return this[side].recover(entries);
  }

  /** What the records of this state say. */
  async recorded(side: 'source' | 'target', state: string): Promise<readonly unknown[]> {
    const entry = await this.#journals[side].read(REF.vmid, REF.epoch);
    return (entry?.records ?? []).filter((record) => record.state === state).map(({ data }) => data);
  }

  configNode(): string {
    return ['pve1', 'pve2'].filter((node) => readdirSync(join(this.pveRoot, 'nodes', node, 'lxc')).includes('201.conf')).join('+');
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true });
  }

  #journal(side: 'source' | 'target'): ReturnType<typeof createFileJournal> {
    return createFileJournal(join(this.dir, `journal-${side}`));
  }

  #sourceDeps(): ColdSourceDeps {
    return {
      node: 'pve1', journal: this.#journals.source, token: this.token, configs: this.configs, power: () => this.powers.source,
      warmUp: () => Promise.resolve(),
      openWays: () => {
        const failure = this.waysFail;
        this.waysFail = null;
        if (failure !== null) return Promise.reject(failure);
        return Promise.resolve({ handoff: this.#channel(), dialCopy: () => Promise.reject(new Error('not here')), close: () => Promise.resolve(), detach: () => Promise.resolve() });
      },
      copy: async ({ volume, targetVolid, final, noteSnapshots }) => {
        await noteSnapshots(volume.volid);
        const failure = this.copyFails(final);
        if (failure !== null) throw failure;
        if (final) await this.copies?.onWhole(volume.volid, 'd1');
        return { volid: volume.volid, targetVolid, sizeBytes: 10, sentBytes: 10, skippedBytes: 0, resentBytes: 0, elapsedMs: 1, digest: final ? 'd1' : null };
      },
      verify: () => (this.differs ? Promise.reject(new MigrationError('VolumeDiffers', 'verify volume failed')) : Promise.resolve()),
      freeVolume: async (volid) => {
        this.freed.push(`pve1 ${volid}`);
        if (this.dies === 'after freeing') throw new Error('killed');
      },
      removeSnapshots: async () => { this.freed.push(...this.snapshots.splice(0)); },
      clearRunDir: () => Promise.resolve(),
    };
  }

  #targetDeps(): ColdTargetDeps {
    return {
      node: 'pve2', journal: this.#journals.target, token: this.token, configs: this.configs, lock: createGuestLock(this.pveRoot, this.configs), power: () => this.powers.target,
      nextVolid: () => Promise.resolve('fast:201/subvol-201-disk-7.subvol'),
      createVolume: () => Promise.resolve(),
      freeVolume: async (volid) => { this.freed.push(`pve2 ${volid}`); },
      removeSnapshots: async () => { this.freed.push(...this.received.splice(0)); },
      listenSpec: () => Promise.resolve({ copy: AT, handoff: AT }),
      serveCopies: async (input) => {
        this.copies = input;
        return { endpoint: AT, sever: async () => { this.severed += 1; }, close: () => Promise.resolve() };
      },
      listenForHandoff: async (_ref, _plan, _on, onHandover) => {
        this.onHandover = onHandover;
        return { endpoint: AT, heardAtMs: 0, close: () => Promise.resolve() };
      },
      readConfig: (vmid, node) => this.configs.read(vmid, 'lxc', node),
      clearRunDir: () => Promise.resolve(),
    };
  }

  #channel(): HandoffClient {
    let closed: (error: Error) => void = () => undefined;
    const over = new Promise<never>((_resolve, reject) => { closed = reject; });
    over.catch(() => undefined);
    return {
      armed: true, heardAtMs: 0, onArmed: () => () => undefined, onLost: () => () => undefined, mirrorsFinished: () => undefined,
      handOver: async () => {
        const answer = await this.onHandover?.();
        return answer === undefined || this.answerLost ? over : answer;
      },
      close: async () => closed(new MigrationError('TransportFailed', 'closed')),
    };
  }
}
