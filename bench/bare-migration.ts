import type { ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { LivePlan } from '../domain/contracts/plan.js';
import type { MigrationType } from '../domain/contracts/request.js';
import { moveDrives } from '../domain/guest/move-drives.js';
import { parseVmConfig } from '../domain/guest/parse-vm-config.js';
import { buildCommandLine } from '../hypervisor/qemu/command-line/build.js';
import { prepareIncoming } from '../hypervisor/qemu/incoming/prepare-incoming.js';
import { awaitMirrorsSynced, finishMirrors, startMirrors } from '../hypervisor/qemu/migration/mirror.js';
import { sourceSettings, TLS_CREDS_ID } from '../hypervisor/qemu/migration/settings.js';
import { addTlsCreds } from '../hypervisor/qemu/migration/tls-creds.js';
import type { QemuAddress } from '../hypervisor/qemu/qmp/address.js';
import { QmpClient } from '../hypervisor/qemu/qmp/client.js';
import { Monitor } from '../hypervisor/qemu/qmp/monitor.js';
import { writePskFile } from '../hypervisor/transport/psk-file.js';
import type { Lab } from '../lab/lab.js';
import { nodeProcess, tunnelInNode } from './in-node.js';
import { barePlan, DRIVE } from './bare-plan.js';

export interface BareFigures {
  readonly totalMs: number;
  readonly qemuTotalMs: number;
  readonly qemuDowntimeMs: number;
  /** `STOP` seen on the source → `cont` answered on the target. */
  readonly stoppedMs: number;
  readonly diskSyncMs: number;
}

const NBD_PORT = 60_000;
const RAM_PORT = 60_001;

/** The same migration by a script that only speaks QMP: no Temporal, no agents, no hand-over, nothing that could undo it. */
export async function migrateBare(lab: Lab, vmid: number, source: string, target: string, type: MigrationType): Promise<BareFigures> {
  const configFile = (node: string): string => join(lab.layout.pveDir, 'nodes', node, 'qemu-server', `${vmid}.conf`);
  const config = parseVmConfig(vmid, readFileSync(configFile(source), 'utf8')).config;
  const plan = barePlan(config, source, target, type);
  const [old, fresh] = [imageOf(lab, source, vmid), imageOf(lab, target, vmid)];
  const tls = type === 'tls' ? await writePskFile(join(lab.layout.sharedDir, 'tls'), 'ab'.repeat(32)).then(() => join(lab.dir, 'mnt/shared/tls')) : null;
  let tunnel: ChildProcess | null = null;

  const begunAtMs = performance.now();
  mkdirSync(dirname(fresh.onMachine), { recursive: true });
  await must(lab, target, ['qemu-img', 'create', '-q', '-f', 'qcow2', fresh.inNode, String(plan.disks[0]?.sizeBytes ?? 0)]);
  await must(lab, target, ['sh', '-c', 'mkdir -p /run/qemu-server /run/bare; ip tuntap add dev "$1" mode tap && ip link set dev "$1" master vmbr0 up', 'sh', `tap${vmid}i0`]);
  await must(lab, target, buildCommandLine({
    config, paths: { qemuRunDir: '/run/qemu-server' }, binary: 'qemu-system-x86_64', incoming: true, machine: plan.machine,
    resolve: (volid) => ({ path: join(lab.dir, 'mnt', volid.replace(':', '/images/')), format: volid.endsWith('.qcow2') ? 'qcow2' : 'raw' }),
    overrides: { [DRIVE]: { path: fresh.inNode, format: 'qcow2' } },
  }));
  const from = await connect(lab, source, vmid);
  const to = await connect(lab, target, vmid);
  await prepareIncoming(to.monitor, plan, tls);
  const exports = plan.disks.map((disk) => ({ drive: disk.drive, exportName: `drive-${disk.drive}`, volid: '', format: disk.targetFormat }));
  const at = (name: string, port: number): QemuAddress => type === 'secure' ? { type: 'unix', path: `/run/bare/${name}.sock` }
    : { type: 'inet', host: plan.transport.targetAddress, port: String(port) };
  await to.monitor.nbdServerStart(at('nbd', NBD_PORT), tls === null ? {} : { tlsCreds: TLS_CREDS_ID });
  for (const disk of exports) {
    await to.monitor.blockExportAdd({ id: `export-${disk.drive}`, nodeName: `drive-${disk.drive}`, exportName: disk.exportName, writable: true });
  }
  await to.monitor.migrateIncoming(at('ram', RAM_PORT));
  if (type === 'secure') tunnel = await tunnelInNode(lab, source, plan.transport.targetAddress, target, ['ram', 'nbd']);
  const reach = (name: string, port: number): QemuAddress => (type === 'secure' ? { type: 'unix', path: `/run/bare/to-${name}.sock` } : at(name, port));
  if (tls !== null) await addTlsCreds(from.monitor, 'client', tls);
  const syncBegunAtMs = performance.now();
  await startMirrors(from, plan.disks, exports, reach('nbd', NBD_PORT), { tls: tls !== null, bytesPerSecondEach: null });
  await awaitMirrorsSynced(from, plan.disks, () => undefined, AbortSignal.timeout(60_000));
  const diskSyncMs = performance.now() - syncBegunAtMs;

  const settings = sourceSettings(plan, plan.policy.initialDowntimeLimitMs, null);
  await from.monitor.migrateSetCapabilities(settings.capabilities);
  await from.monitor.migrateSetParameters(settings.parameters);
  const paused = from.client.waitForEvent((e) => e.event === 'MIGRATION' && e.data['status'] === 'pre-switchover', 120_000);
  const stopped = from.client.waitForEvent((e) => e.event === 'STOP', 120_000);
  const loaded = to.client.waitForEvent((e) => e.event === 'MIGRATION' && e.data['status'] === 'completed', 180_000);
  const completed = from.client.waitForEvent((e) => e.event === 'MIGRATION' && e.data['status'] === 'completed', 180_000);
  await Promise.all([from.monitor.migrate(reach('ram', RAM_PORT)), paused]);
  await finishMirrors(from, plan.disks);
  await Promise.all([from.monitor.migrateContinue('pre-switchover'), completed, loaded]);
  await to.monitor.nbdServerStop();
  await to.monitor.cont();
  const runningAtMs = performance.now();
  const info = await from.monitor.queryMigrate();

  from.client.close();
  to.client.close();
  await settle(lab, vmid, source, plan, { config, old, fresh: fresh.volid, configFile }, tunnel);
  return {
    totalMs: runningAtMs - begunAtMs, qemuTotalMs: info.totalTimeMs ?? 0, qemuDowntimeMs: info.downtimeMs ?? 0,
    stoppedMs: runningAtMs - (await stopped).receivedAtMs, diskSyncMs,
  };
}

/** Not timed: leaves the lab as ferry would. */
async function settle(lab: Lab, vmid: number, source: string, plan: LivePlan,
  files: { config: ReturnType<typeof parseVmConfig>['config']; old: Image; fresh: string; configFile: (node: string) => string }, tunnel: ChildProcess | null): Promise<void> {
  tunnel?.kill('SIGTERM');
  await must(lab, source, ['node', join(lab.layout.home, 'dist/workers/vm.js'), 'stop', String(vmid)]);
  const moves = plan.disks.map((disk) => ({ drive: disk.drive, volid: files.fresh, format: disk.targetFormat, sizeBytes: disk.sizeBytes }));
  writeFileSync(files.configFile(source), moveDrives(files.config, moves));
  renameSync(files.configFile(source), files.configFile(plan.target));
  rmSync(files.old.onMachine, { force: true });
  for (const node of [source, plan.target]) await lab.exec(node, ['rm', '-rf', '/run/bare']);
}

interface Image {
  readonly volid: string;
  readonly inNode: string;
  readonly onMachine: string;
}

const imageOf = (lab: Lab, node: string, vmid: number): Image => {
  const file = `${vmid}/vm-${vmid}-disk-0.qcow2`;
  return { volid: `local:${file}`, inNode: join(lab.dir, 'mnt/local/images', file), onMachine: join(lab.dir, 'nodes', node, 'local/images', file) };
};

async function connect(lab: Lab, node: string, vmid: number): Promise<{ client: QmpClient; monitor: Monitor }> {
  const client = await QmpClient.connect(`/proc/${nodeProcess(lab, node)}/root/run/qemu-server/${vmid}.drive.qmp`, { timeoutMs: 10_000 });
  return { client, monitor: new Monitor(client) };
}

async function must(lab: Lab, node: string, argv: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await lab.exec(node, argv);
  if (exitCode !== 0) throw new Error(`${argv[0]} on ${node}: ${stderr}`);
}

