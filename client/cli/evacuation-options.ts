import type { Command } from 'commander';
import { numeric } from './request.js';

/** The options of everything that empties a node, as commander hands them over. */
export interface EvacuationFlags {
  readonly approval?: boolean;
  readonly dryRun?: boolean;
  readonly targets?: string;
  readonly spareMemory?: string;
  readonly restartContainers?: boolean;
  readonly offlineShutdown?: boolean;
  readonly parking?: boolean;
  readonly concurrency?: string;
  readonly bwlimit?: string;
  readonly migrationType?: string;
  readonly canary?: string;
  readonly healthCheck?: string;
  readonly failureBudget?: string;
  readonly applicationTag?: string;
  readonly window?: string;
  readonly atWindowClose?: string;
  readonly skip?: string;
  readonly reason?: string;
}

/** The request as it would be typed into the Temporal UI; `parseEvacuationRequest` judges it. */
export function rawEvacuation(flags: EvacuationFlags, caller: string): Record<string, unknown> {
  const raw: Record<string, unknown> = {
    approval: flags.approval, dryRun: flags.dryRun, targets: flags.targets, spareMemoryPercent: numeric(flags.spareMemory), restartContainers: flags.restartContainers,
    offlineShutdown: flags.offlineShutdown, parking: flags.parking, concurrency: numeric(flags.concurrency), bwlimitKiBps: numeric(flags.bwlimit), migrationType: flags.migrationType,
    canary: numeric(flags.canary), healthCheck: flags.healthCheck, failureBudget: numeric(flags.failureBudget), applicationTagPrefix: flags.applicationTag,
    window: flags.window, atWindowClose: flags.atWindowClose, skip: flags.skip, requestedBy: caller, reason: flags.reason,
  };
  return Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined));
}

export function withEvacuationOptions(command: Command): Command {
  return command
    .option('--targets <nodes>', 'only these may take guests: pve2,pve3')
    .option('--spare-memory <%>', 'memory every target keeps free (10)')
    .option('--no-restart-containers', 'running containers stay: they can only be stopped, moved and started')
    .option('--offline-shutdown', "running VMs that can't move live are shut down for it")
    .option('--parking', 'guests of other nodes may be moved to make room')
    .option('--concurrency <n>', 'guests that move at once (2)')
    .option('--bwlimit <KiB/s>', 'bandwidth of each migration, 0 for unlimited')
    .option('--migration-type <type>', 'secure, insecure or tls')
    .option('--canary <n>', 'so many guests go first, one by one')
    .option('--health-check <what>', 'asked of every moved guest: tcp:<port>, http:<port>/<path> or agent')
    .option('--failure-budget <n>', 'more guests in trouble than this stop it (2)')
    .option('--application-tag <prefix>', 'guests that share a tag with this beginning never move at once (app-)')
    .option('--window <window>', "begin no move outside of it: '22:00-05:00 Europe/Berlin'")
    .option('--at-window-close <what>', 'what becomes of running moves: finish (the default) or rollBack')
    .option('--skip <vmids>', 'leave these out: 101,102')
    .option('--reason <text>', 'why, for the record');
}
