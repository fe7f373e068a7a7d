import type { GuestRunState } from '../../domain/contracts/facts.js';
import type { Vmid } from '../../domain/ids.js';
import type { QmpClient } from './qmp/client.js';
import { Monitor } from './qmp/monitor.js';
import { toGuestRunState } from './run-state.js';

export interface QemuLook {
  readonly state: GuestRunState;
  readonly migrationStatus: string | null;
}

/** What the guest's QEMU on this node says, without disturbing whoever drives it. `stopped`: there is none. */
export async function lookAtQemu(deps: { qemuAlive(vmid: Vmid): Promise<boolean>; connectQmp(vmid: Vmid): Promise<QmpClient> }, vmid: Vmid): Promise<QemuLook> {
  if (!(await deps.qemuAlive(vmid))) return { state: 'stopped', migrationStatus: null };
  const client = await deps.connectQmp(vmid);
  try {
    const monitor = new Monitor(client);
    const [status, info] = await Promise.all([monitor.queryStatus(), monitor.queryMigrate()]);
    return { state: toGuestRunState(status.status), migrationStatus: info.status };
  } finally {
    client.close();
  }
}
