import { MigrationError } from '../../domain/errors.js';
import type { EpochRef } from '../../domain/ids.js';
import type { Journal } from '../../domain/contracts/ports.js';

/** Closes an epoch that was never opened here, so that a command of it that is still on its way finds it closed. */
export async function neverBegun(journal: Journal, { vmid, epoch }: EpochRef, role: 'source' | 'target'): Promise<void> {
  try {
    await journal.open(vmid, epoch, role);
    await journal.close(vmid, epoch, 'never-begun');
  } catch (error) {
    if (!(error instanceof MigrationError && error.code === 'StaleEpoch')) throw error;
  }
}
