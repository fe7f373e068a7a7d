import { spawn, type ChildProcess } from 'node:child_process';
import { EventEmitter, once } from 'node:events';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Decision } from '../../../domain/contracts/activities.js';
import type { EpochRef } from '../../../domain/ids.js';
import type { LivePlan } from '../../../domain/contracts/plan.js';
import type { CommitToken, GuestConfigStore } from '../../../domain/contracts/ports.js';
import { silencePolicy } from '../../../domain/silence/policy.js';
import { createFileJournal } from '../../../hypervisor/journal/file-journal.js';
import { runOk } from '../../../hypervisor/exec.js';
import { CommitGate } from '../../../hypervisor/qemu/incoming/gate.js';
import { listenForNbd, listenForRam } from '../../../hypervisor/qemu/incoming/listen.js';
import { prepareIncoming } from '../../../hypervisor/qemu/incoming/prepare-incoming.js';
import type { TargetDeps } from '../../../hypervisor/qemu/incoming/target-deps.js';
import { MemoryDriver } from '../../../hypervisor/qemu/migration/driver.js';
import type { Steered } from '../../../hypervisor/qemu/migration/driver-state.js';
import { awaitMirrorsSynced, startMirrors } from '../../../hypervisor/qemu/migration/mirror.js';
import { QmpClient } from '../../../hypervisor/qemu/qmp/client.js';
import { Monitor } from '../../../hypervisor/qemu/qmp/monitor.js';
import type { HandoffAnswer, HandoffClient } from '../../../hypervisor/transport/handoff/client.js';
import { Wire } from './wire.js';

export interface Side {
  readonly process: ChildProcess;
  readonly client: QmpClient;
  readonly monitor: Monitor;
}

/** Two real QEMUs on one machine, a hand-off channel that can be cut, and everything else as in production. */
export interface Pair {
  readonly source: Side;
  readonly target: Side;
  readonly driver: MemoryDriver;
  /** One more driver of the source, as a restarted agent makes it. */
  driverWith(monitor: Monitor): MemoryDriver;
  readonly gate: CommitGate;
  readonly channel: FakeChannel;
  readonly token: MemoryToken;
  readonly plan: LivePlan;
  readonly ramAddress: { readonly type: 'unix'; readonly path: string };
  /** What memory and disks pass through. */
  readonly wire: Wire;
  close(): Promise<void>;
}

const REF: EpochRef = { vmid: 101, epoch: 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee' };
const MEMORY_BYTES = 128 * 1024 * 1024;
const DISK_BYTES = 64 * 1024 * 1024;

export async function startPair(options: { readonly disk?: boolean; readonly steered?: Steered; readonly fullMemory?: boolean; readonly multifdChannels?: number; readonly silenceTimeoutSeconds?: number } = {}): Promise<Pair> {
  const dir = await mkdtemp(join(tmpdir(), 'ferry-pair-'));
  const plan = { ...planWith(options.disk === true, options.multifdChannels ?? 0), silence: silencePolicy(options.silenceTimeoutSeconds) };
  for (const side of ['source', 'target']) await runOk('qemu-img', ['create', '-q', '-f', 'raw', join(dir, `${side}.raw`), String(DISK_BYTES)]);
  const wire = new Wire();
  const source = await startQemu(dir, 'source', options.fullMemory === true ? await fullMemory(dir) : ['-m', '128']);
  const target = await startQemu(dir, 'target', ['-m', '128', '-S', '-incoming', 'defer']);
  const journal = createFileJournal(join(dir, 'journal'));
  await journal.open(REF.vmid, REF.epoch, 'source');
  const token = new MemoryToken();
  await prepareIncoming(target.monitor, plan, null);
  const exports = plan.disks.map((d) => ({ drive: d.drive, exportName: `drive-${d.drive}`, volid: 'fast:x', format: 'raw' as const }));
  if (exports.length > 0) {
    const nbd = await listenForNbd(target.monitor, { kind: 'unix', path: join(dir, 'nbd.sock') }, exports, plan);
    if (nbd.kind !== 'unix') throw new Error('expected a unix socket');
    await wire.lay(join(dir, 'to-nbd.sock'), nbd.path);
    await startMirrors(source, plan.disks, exports, { type: 'unix', path: join(dir, 'to-nbd.sock') }, { tls: false, bytesPerSecondEach: null });
    await awaitMirrorsSynced(source, plan.disks, () => undefined, AbortSignal.timeout(20_000));
  }
  await listenForRam(target.monitor, { kind: 'unix', path: join(dir, 'ram.sock') });
  await wire.lay(join(dir, 'to-ram.sock'), join(dir, 'ram.sock'));
  const gate = new CommitGate({ token, journal, configs: NO_CONFIGS, node: 'pve2' } as unknown as TargetDeps, REF, plan, target.client, { text: null });
  const channel = new FakeChannel(() => gate.onHandover());
  const drivers: MemoryDriver[] = [];
  const driverWith = (monitor: Monitor): MemoryDriver => {
    const made = new MemoryDriver({ ...source, monitor, journal, token, configs: NO_CONFIGS, node: 'pve1', handoff: channel, plan, ref: REF }, options.steered ?? {});
    drivers.push(made);
    return made;
  };
  const driver = driverWith(source.monitor);
  return {
    source, target, driver, driverWith, gate, channel, token, plan, wire, ramAddress: { type: 'unix', path: join(dir, 'to-ram.sock') },
    close: async () => {
      for (const made of drivers) made.dispose();
      wire.close();
      for (const side of [source, target]) {
        side.client.close();
        if (side.process.exitCode === null && side.process.signalCode === null) {
          const exited = once(side.process, 'exit');
          side.process.kill('SIGKILL');
          await exited;
        }
      }
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function startQemu(dir: string, name: string, extra: readonly string[]): Promise<Side> {
  const socket = join(dir, `${name}.qmp`);
  const child = spawn('qemu-system-x86_64', [
    '-machine', 'pc', '-accel', 'tcg', '-nodefaults', '-no-user-config', '-display', 'none',
    '-blockdev', `driver=file,node-name=file-scsi0,filename=${join(dir, `${name}.raw`)}`, '-blockdev', 'driver=raw,node-name=drive-scsi0,file=file-scsi0',
    '-device', 'virtio-blk-pci,id=scsi0,drive=drive-scsi0', '-qmp', `unix:${socket},server=on,wait=off`, ...extra,
  ], { stdio: ['ignore', 'ignore', 'inherit'] });
  const client = await QmpClient.connect(socket, { timeoutMs: 10_000 });
  return { process: child, client, monitor: new Monitor(client) };
}

const planWith = (disk: boolean, multifdChannels: number): LivePlan => ({
  vmid: 101, name: 'pair', source: 'pve1', target: 'pve2', mode: 'live', machine: 'pc', keepPaused: false, memoryBytes: MEMORY_BYTES,
  transport: { type: 'insecure', network: null, sourceAddress: '127.0.0.1', targetAddress: '127.0.0.1', multifdChannels },
  disks: disk ? [{ drive: 'scsi0', sourceVolid: 'local:x', sourceFormat: 'raw', targetStorage: 'fast', targetFormat: 'raw', sizeBytes: DISK_BYTES }] : [],
  bandwidthBytesPerSecond: null,
  policy: { initialDowntimeLimitMs: 100, downtimeBudgetMs: 300, deadlineSeconds: 60, maxCpuThrottlePercent: 80 },
});

/** A guest whose memory is full of what does not compress: every page has to be sent whole. */
async function fullMemory(dir: string): Promise<string[]> {
  const file = join(dir, 'memory');
  await writeFile(file, randomBytes(MEMORY_BYTES));
  return ['-object', `memory-backend-file,id=pc.ram,size=${MEMORY_BYTES},mem-path=${file},share=off`, '-machine', 'memory-backend=pc.ram', '-m', '128'];
}

/** The token's rule in memory: the first decision stands. */
export class MemoryToken implements CommitToken {
  decision: Decision = 'undecided';
  create = (): Promise<void> => Promise.resolve();
  probeWritable = (): Promise<void> => Promise.resolve();
  forget = (): Promise<void> => Promise.resolve();
  giveBack = (): Promise<void> => Promise.resolve();
  createSecret = (): Promise<string> => Promise.resolve('');
  readSecret = (): Promise<string> => Promise.resolve('');
  read = (): Promise<Decision> => Promise.resolve(this.decision);
  decide(_vmid: number, _epoch: string, wanted: 'committed' | 'aborted'): Promise<Decision> {
    if (this.decision === 'undecided') this.decision = wanted;
    return Promise.resolve(this.decision);
  }
}

/** The hand-off without a wire: armed at will, and able to lose its answers. */
export class FakeChannel implements HandoffClient {
  readonly #events = new EventEmitter();
  readonly #deliver: () => Promise<HandoffAnswer>;
  armed = true;
  handovers = 0;
  /** null: alive all the time. */
  silentSinceMs: number | null = null;

  constructor(deliver: () => Promise<HandoffAnswer>) {
    this.#deliver = deliver;
  }

  get heardAtMs(): number {
    return this.silentSinceMs ?? performance.now();
  }

  setArmed(armed: boolean): void {
    this.armed = armed;
    this.#events.emit(armed ? 'armed' : 'lost');
  }

  onArmed(fn: () => void): () => void {
    this.#events.on('armed', fn);
    return () => this.#events.off('armed', fn);
  }

  onLost(fn: () => void): () => void {
    this.#events.on('lost', fn);
    return () => this.#events.off('lost', fn);
  }

  mirrorsFinished(): void {}

  handOver(): Promise<HandoffAnswer> {
    this.handovers += 1;
    return this.#deliver();
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

const NO_CONFIGS: GuestConfigStore = {
  find: () => Promise.resolve({ kind: 'qemu', node: 'pve1' }),
  read: () => Promise.resolve(''),
  write: () => Promise.resolve(),
  move: () => Promise.resolve(),
};
