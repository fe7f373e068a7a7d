import type { LivePlan } from '../../../domain/contracts/plan.js';
import { addTlsCreds } from '../migration/tls-creds.js';
import { targetSettings } from '../migration/settings.js';
import type { Monitor } from '../qmp/monitor.js';

/** Same capabilities and channel count on both sides, before the stream may connect. */
export async function prepareIncoming(monitor: Monitor, plan: LivePlan, tlsDir: string | null): Promise<void> {
  if (tlsDir !== null) await addTlsCreds(monitor, 'server', tlsDir);
  const settings = targetSettings(plan);
  await monitor.migrateSetCapabilities(settings.capabilities);
  await monitor.migrateSetParameters(settings.parameters);
}
