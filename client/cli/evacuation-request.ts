import type { Command } from 'commander';
import { numeric } from './request.js';

/** The options of `ferry evacuate` and `ferry plan evacuate` as commander hands them over. */
export interface EvacuationFlags {
  readonly targets?: string;
  readonly skip?: string;
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
  readonly applicationTagPrefix?: string;
  readonly window?: string;
  readonly atWindowClose?: string;
  readonly approval?: boolean;
  readonly reason?: string;
}

/** The request as it would be typed into the Temporal UI; `parseEvacuationRequest` judges it. */
export function rawEvacuation(node: string, flags: EvacuationFlags, caller: string): Record<string, unknown> {
  const raw: Record<string, unknown> = {
    node, targets: flags.targets, skip: flags.skip, spareMemoryPercent: numeric(flags.spareMemory), restartContainers: flags.restartContainers, offlineShutdown: flags.offlineShutdown,
    parking: flags.parking, concurrency: numeric(flags.concurrency), bwlimitKiBps: numeric(flags.bwlimit), migrationType: flags.migrationType, canary: numeric(flags.canary),
    healthCheck: flags.healthCheck, failureBudget: numeric(flags.failureBudget), applicationTagPrefix: flags.applicationTagPrefix, window: flags.window,
    atWindowClose: flags.atWindowClose, approval: flags.approval, requestedBy: caller, reason: flags.reason,
  };
  return Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined));
}

/** Those that a plan depends on; the rest is about carrying it out. */
export function withPlanOptions(command: Command): Command {
  return command
    .option('--targets <nodes>', 'only these may take guests: `pve2,pve3` (default: every node that may)')
    .option('--skip <vmids>', 'guests to leave out: `101,102`')
    .option('--spare-memory <%>', 'memory every node keeps free (10)')
    .option('--restart-containers', 'stop, move and start running containers (the default)')
    .option('--no-restart-containers', 'leave running containers where they are')
    .option('--offline-shutdown', "running VMs that can't move live: shut them down, move them, start them again")
    .option('--parking', 'guests of other nodes may move too, to make room')
    .option('--concurrency <n>', 'so many guests at once (2)')
    .option('--bwlimit <KiB/s>', 'bandwidth of each migration, 0 for unlimited')
    .option('--canary <n>', 'so many guests first, one by one (0)')
    .option('--application-tag-prefix <text>', 'guests that share a tag with this beginning never move at once (app-)');
}
