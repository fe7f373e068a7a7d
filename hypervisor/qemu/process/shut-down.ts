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
