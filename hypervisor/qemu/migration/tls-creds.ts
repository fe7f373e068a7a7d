import { MigrationError } from '../../../domain/errors.js';
import { QEMU_PSK_USER } from '../../transport/psk-file.js';
import type { Monitor } from '../qmp/monitor.js';
import { TLS_CREDS_ID } from './settings.js';

/** Gives a QEMU the epoch's pre-shared key, for RAM and NBD alike. Replaces one left by an earlier epoch. */
export async function addTlsCreds(monitor: Monitor, endpoint: 'client' | 'server', dir: string): Promise<void> {
  await dropTlsCreds(monitor);
  await monitor.objectAdd({ 'qom-type': 'tls-creds-psk', id: TLS_CREDS_ID, endpoint, dir, ...(endpoint === 'client' ? { username: QEMU_PSK_USER } : {}) });
}

export async function dropTlsCreds(monitor: Monitor): Promise<void> {
  await monitor.objectDel(TLS_CREDS_ID).catch((error: unknown) => {
    if (!(error instanceof MigrationError && error.code === 'QmpError' && /not found/.test(error.message))) throw error;
  });
}
