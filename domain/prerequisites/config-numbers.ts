import type { VmConfig } from '../guest/vm-config.js';
import type { Refusal } from '../contracts/plan.js';
import type { CheckContext } from './context.js';
import { refuse } from './refuse.js';

/** `migrate_downtime` in ms (the file has seconds); null: not set or not a number (then `checkConfigNumbers` refuses). */
export function migrateDowntimeMs(config: VmConfig): number | null {
  const seconds = numberIn(config, 'migrate_downtime');
  return seconds === null ? null : Math.round(seconds * 1000);
}

/** `migrate_speed` in MB/s; null as above. */
export const migrateSpeedMBps = (config: VmConfig): number | null => numberIn(config, 'migrate_speed');

/** A figure that can't be read is a refusal, never a default. */
export function checkConfigNumbers({ vm, request: { vmid } }: CheckContext): readonly Refusal[] {
  return ['migrate_downtime', 'migrate_speed'].flatMap((key) => {
    const written = vm?.config.values[key];
    if (vm === null || written === undefined || numberIn(vm.config, key) !== null) return [];
    return [refuse('config-invalid', `${key} of VM ${vmid} is not a number: '${written}'`, `correct it: qm set ${vmid} --${key} <number>`)];
  });
}

function numberIn({ values }: VmConfig, key: string): number | null {
  const written = values[key]?.trim() ?? '';
  return /^\d+(\.\d+)?$|^\.\d+$/.test(written) ? Number(written) : null;
}
