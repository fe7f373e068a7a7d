/** The options of `ferry migrate` and `ferry check` as commander hands them over. */
export interface MigrateFlags {
  readonly online?: boolean;
  readonly withLocalDisks?: boolean;
  readonly targetStorage?: string;
  readonly targetFormat?: string;
  readonly bwlimit?: string;
  readonly migrationNetwork?: string;
  readonly migrationType?: string;
  readonly downtimeLimit?: string;
  readonly convergenceDeadline?: string;
  readonly maxCpuThrottle?: string;
  readonly silenceTimeout?: string;
  readonly restart?: boolean;
  readonly offlineShutdown?: boolean;
  readonly timeout?: string;
  readonly healthCheck?: string;
  readonly priority?: string;
  readonly reason?: string;
  readonly force?: boolean;
}

/** The request as it would be typed into the Temporal UI; `parseMigrateRequest` judges it. */
export function rawRequest(vmid: string, target: string, flags: MigrateFlags, caller: string): Record<string, unknown> {
  const raw: Record<string, unknown> = {
    vmid: numeric(vmid),
    target,
    online: flags.online,
    withLocalDisks: flags.withLocalDisks,
    targetStorage: flags.targetStorage,
    targetFormat: flags.targetFormat,
    bwlimitKiBps: numeric(flags.bwlimit),
    migrationNetwork: flags.migrationNetwork,
    migrationType: flags.migrationType,
    downtimeLimitMs: numeric(flags.downtimeLimit),
    convergenceDeadlineSeconds: numeric(flags.convergenceDeadline),
    maxCpuThrottlePercent: numeric(flags.maxCpuThrottle),
    silenceTimeoutSeconds: numeric(flags.silenceTimeout),
    restart: flags.restart,
    offlineShutdown: flags.offlineShutdown,
    shutdownTimeoutSeconds: numeric(flags.timeout),
    healthCheck: flags.healthCheck,
    priority: numeric(flags.priority),
    force: flags.force,
    requestedBy: caller,
    reason: flags.reason,
  };
  return Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined));
}

/** A number where it is one; anything else goes to the parser as typed, which knows the sentence for it. */
export function numeric(text: string | undefined): number | string | undefined {
  return text !== undefined && /^-?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}
