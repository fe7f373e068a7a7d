import type { LivePlan } from '../../../domain/contracts/plan.js';

/** What both QEMUs are told before the stream starts. Names are QEMU's (qapi/migration.json, QEMU 10.0). */
export interface MigrationSettings {
  readonly capabilities: Readonly<Record<string, boolean>>;
  readonly parameters: Readonly<Record<string, unknown>>;
}

/** QEMU's default of 128 MiB/s would throttle silently; PVE sets the same "no limit" (16 GiB/s). */
const UNLIMITED_BYTES_PER_SECOND = 16 * 1024 ** 3;
/** Small enough that nothing ever fits the downtime limit: the only hold that works (docs/handover.md). */
export const HOLD_BYTES_PER_SECOND = 4096;
export const TLS_CREDS_ID = 'ferry-tls';

export function sourceSettings(plan: LivePlan, downtimeLimitMs: number, ramBytesPerSecond: number | null): MigrationSettings {
  return {
    capabilities: {
      ...sharedCapabilities(plan),
      'pause-before-switchover': true,
      'return-path': true,
      'auto-converge': true,
    },
    parameters: {
      ...sharedParameters(plan),
      'downtime-limit': downtimeLimitMs,
      'max-bandwidth': bandwidthParameter(ramBytesPerSecond),
      'max-cpu-throttle': plan.policy.maxCpuThrottlePercent,
    },
  };
}

export function targetSettings(plan: LivePlan): MigrationSettings {
  return { capabilities: { ...sharedCapabilities(plan), 'return-path': true }, parameters: sharedParameters(plan) };
}

export const bandwidthParameter = (bytesPerSecond: number | null): number => bytesPerSecond ?? UNLIMITED_BYTES_PER_SECOND;

const sharedCapabilities = (plan: LivePlan): Record<string, boolean> => ({
  events: true,
  multifd: plan.transport.multifdChannels > 0,
});

const sharedParameters = (plan: LivePlan): Record<string, unknown> => ({
  ...(plan.transport.multifdChannels > 0 ? { 'multifd-channels': plan.transport.multifdChannels } : {}),
  'tls-creds': plan.transport.type === 'tls' ? TLS_CREDS_ID : '',
  'tls-hostname': '',
});
