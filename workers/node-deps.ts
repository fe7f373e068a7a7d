import { join } from 'node:path';
import type { MigrationPlan } from '../domain/contracts/plan.js';
import type { Epoch, EpochRef, NodeName, Vmid } from '../domain/ids.js';
import type { CommitToken, GuestConfigStore, GuestLock, Journal } from '../domain/contracts/ports.js';
import type { FerryConfig } from '../domain/edge/ferry-config.js';
import { parseVmConfig } from '../domain/guest/parse-vm-config.js';
import type { TargetDeps } from '../hypervisor/qemu/incoming/target-deps.js';
import type { SourceDeps } from '../hypervisor/qemu/migration/source-deps.js';
import { findQemu } from '../hypervisor/qemu/process/identity.js';
import { endQemu, stopQemu } from '../hypervisor/qemu/process/stop.js';
import { QmpClient } from '../hypervisor/qemu/qmp/client.js';
import { driveQmpPath, generalQmpPath } from '../hypervisor/paths.js';
import { createHandoffServer } from '../hypervisor/transport/handoff/server.js';
import { openChannels, openTunnelEarly, prepareSsh, type SshConfig } from '../hypervisor/transport/channels.js';
import { clearRunPath, listenSpec, runPath } from '../hypervisor/transport/listen-spec.js';
import { writePskFile } from '../hypervisor/transport/psk-file.js';
import type { SshConnection } from '../hypervisor/transport/ssh/ssh-client.js';
import { closeTunnel } from '../hypervisor/transport/ssh/ssh-tunnel.js';
import { closeTunnelsInto } from '../hypervisor/transport/ssh/stray-tunnels.js';
import { readTunnelRecord } from '../hypervisor/transport/ssh/tunnel-record.js';
import { startIncomingGuest } from './node-guests.js';
import type { NodeStorages } from './node-storages.js';

/** What both roles of an agent stand on. */
export interface NodeParts {
  readonly config: FerryConfig & { readonly node: NodeName };
  readonly journal: Journal;
  readonly token: CommitToken;
  readonly configs: GuestConfigStore;
  readonly lock: GuestLock;
  readonly storages: NodeStorages;
}

const QMP_TIMEOUT_MS = 5000;
const SSH_TIMEOUT_MS = 5000;

export function sourceDeps(parts: NodeParts): SourceDeps {
  const warmed = new Map<Epoch, Promise<SshConnection>>();
  const ssh = sshConfig(parts);
  return {
    ...commonDeps(parts),
    endQemu: (vmid) => endQemu(vmid, parts.config),
    warmUp: async (ref, plan) => {
      if (plan.transport.type !== 'secure') return;
      const tunnel = (names: readonly string[]): Promise<void> => openTunnelEarly({ plan, ref, runDir: parts.config.runDir, sshConfig: ssh }, names);
      // The handoff logs in while disks are copied: two logins at once would hold up the target's QEMU on a small machine.
      if (plan.disks.length > 0) return tunnel(['ram', 'nbd']);
      if (warmed.has(ref.epoch)) return;
      const connection = prepareSsh(plan, ssh);
      warmed.set(ref.epoch, connection);
      connection.catch(() => warmed.delete(ref.epoch));
      await Promise.all([connection, tunnel(['ram'])]);
    },
    openChannels: async (ref, plan, endpoints) => {
      const sshConnection = await warmed.get(ref.epoch)?.catch(() => undefined);
      warmed.delete(ref.epoch);
      const secret = plan.transport.type === 'secure' ? null : await parts.token.readSecret(ref.vmid, ref.epoch);
      return openChannels({ plan, ref, endpoints, runDir: parts.config.runDir, sshConfig: ssh, secret, sshConnection });
    },
    clearRunDir: async (ref) => {
      await warmed.get(ref.epoch)?.then((connection) => connection.close(), () => undefined);
      warmed.delete(ref.epoch);
      const record = readTunnelRecord(join(runPath(parts.config.runDir, ref), 'tunnel.json'));
      if (record !== null) await closeTunnel(record);
      await closeTunnelsInto(runPath(parts.config.runDir, ref));
      await clearRunPath(parts.config.runDir, ref);
    },
  };
}

export function targetDeps(parts: NodeParts): TargetDeps {
  const { config } = parts;
  return {
    ...commonDeps(parts),
    stopQemu: (vmid) => stopQemu(vmid, config),
    lock: parts.lock,
    startIncoming: (vm, plan, volumes) => startIncomingGuest(config, parts.storages, vm, { machine: plan.machine, volumes }),
    nextVolid: async (storage, vmid, format) => (await parts.storages.store()).nextFreeName(storage, vmid, format),
    createVolume: async (volid, format, sizeBytes) => { await (await parts.storages.store()).createExactly(volid, format, sizeBytes); },
    parseConfig: (vmid, text) => parseVmConfig(vmid, text).config,
    listenSpec: (ref, plan) => listenSpec(plan, ref, config.runDir, { firstPort: config.portRange.first, lastPort: config.portRange.last }),
    listenForHandoff: async (ref, plan, listen, onHandover) => createHandoffServer({
      ...ref, listen, ...await handoffProtection(parts, ref, plan), onHandover,
    }),
    clearRunDir: (ref) => clearRunPath(config.runDir, ref),
  };
}

function commonDeps(parts: NodeParts): Pick<SourceDeps, 'node' | 'journal' | 'token' | 'configs' | 'connectDriveQmp' | 'connectQmp' | 'qemuAlive' | 'freeVolume' | 'tlsDir'> {
  const { config } = parts;
  return {
    node: config.node,
    journal: parts.journal,
    token: parts.token,
    configs: parts.configs,
    connectDriveQmp: (vmid: Vmid) => QmpClient.connect(driveQmpPath(config, vmid), { timeoutMs: QMP_TIMEOUT_MS }),
    connectQmp: (vmid: Vmid) => QmpClient.connect(generalQmpPath(config, vmid), { timeoutMs: QMP_TIMEOUT_MS }),
    qemuAlive: (vmid: Vmid) => Promise.resolve(findQemu(vmid, config) !== null),
    freeVolume: async (volid) => (await parts.storages.store()).free(volid),
    tlsDir: async (ref) => writePskFile(join(runPath(config.runDir, ref), 'tls'), await parts.token.readSecret(ref.vmid, ref.epoch)),
  };
}

export async function handoffProtection(parts: NodeParts, ref: EpochRef, plan: MigrationPlan): Promise<{ protection: 'none' | 'challenge' | 'tls'; secret: string | null }> {
  if (plan.transport.type === 'secure') return { protection: 'none', secret: null };
  const secret = await parts.token.readSecret(ref.vmid, ref.epoch);
  return { protection: plan.transport.type === 'tls' ? 'tls' : 'challenge', secret };
}

export const sshConfig = ({ config: { ssh } }: NodeParts): SshConfig => ({
  port: ssh.port, user: ssh.user, identityFile: ssh.identityFile, knownHostsFile: ssh.knownHostsFile, timeoutMs: SSH_TIMEOUT_MS,
});
