import { MigrationError } from '../../../domain/errors.js';
import type { Vmid } from '../../../domain/ids.js';
import { generalQmpPath, type RunPaths } from '../../paths.js';
import { QmpClient } from '../qmp/client.js';
import { Monitor } from '../qmp/monitor.js';
import { ended, findQemu } from './identity.js';
import { stopQemu } from './stop.js';

const QMP_TIMEOUT_MS = 2000;

/**
 * Asks the guest to power off and waits; one that has not done so after `timeoutMs`, or that does not run and so can't
 * listen, is ended. Returns how it went; nothing of its QEMU is left. Throws as `stopQemu`.
 */
export async function shutDownGuest(vmid: Vmid, paths: RunPaths, timeoutMs: number): Promise<'not-running' | 'powered-off' | 'ended'> {
  const qemu = findQemu(vmid, paths);
  if (qemu === null) {
    await stopQemu(vmid, paths);
    return 'not-running';
  }
  const poweredOff = timeoutMs > 0 && await pressPowerButton(vmid, paths) && await ended(qemu, timeoutMs);
  await stopQemu(vmid, paths);
  return poweredOff ? 'powered-off' : 'ended';
}

/** As PVE's `qm shutdown`: a guest that has not powered off in time goes on. Throws `GuestNotStopped`; nothing of its QEMU is left otherwise. */
export async function shutDownPolitely(vmid: Vmid, paths: RunPaths, timeoutMs: number): Promise<void> {
  const qemu = findQemu(vmid, paths);
  const heard = qemu === null || await pressPowerButton(vmid, paths);
  if (!heard || (qemu !== null && !(await ended(qemu, timeoutMs)))) {
    const cause = heard ? `it did not power off within ${Math.round(timeoutMs / 1000)} s, and runs on` : 'it stands still, so it can\'t be asked to power off';
    throw new MigrationError('GuestNotStopped', `shut down VM ${vmid} failed: ${cause}`, { vmid });
  }
  await stopQemu(vmid, paths);
}

/** False: the guest stands still, or its QEMU does not answer. */
async function pressPowerButton(vmid: Vmid, paths: RunPaths): Promise<boolean> {
  const client = await QmpClient.connect(generalQmpPath(paths, vmid), { timeoutMs: QMP_TIMEOUT_MS }).catch(() => null);
  if (client === null) return false;
  try {
    const monitor = new Monitor(client);
    const { running } = await monitor.queryStatus();
    if (running) await monitor.systemPowerdown();
    return running;
  } catch {
    return false;
  } finally {
    client.close();
  }
}
