import { ApplicationFailure } from '@temporalio/workflow';
import { isCold } from '../../domain/contracts/plan.js';
import { buildReport, type SwitchResult } from '../report.js';
import type { MigrationRun } from '../run.js';
import { cleanUp, endEpoch } from './last-traces.js';

/**
 * The guest belongs to the target, and the target was lost before the guest was seen running there: it is down, as if its node had
 * crashed a moment later. Nothing goes back: the source's old copy is ended (it could never run again), its disks are kept. The guest is
 * unlocked, so that HA or an operator can start it, and this workflow fails with the report that says what to do.
 */
export async function endWithoutTarget(run: MigrationRun, result: SwitchResult | null, skipped: string): Promise<never> {
  const { plan, planned, state } = run;
  run.targetLost = true;
  run.left.add('target');
  state.incident(skipped);
  state.enter('cleanup', `${plan.target} was fenced; ending the old copy on ${plan.source}`);
  const configHere = await run.steps.source.resolveSource(run.ref).then((evidence) => evidence.configHere ?? null, () => null);
  await run.armed?.disarm();
  await cleanUp(run, 'source', (s) => s.source.cleanupSource({ ...planned, keepDisks: true }));
  await endEpoch(run);
  const sentence = adviceOf(run, configHere);
  const report = { ...buildReport(run, 'migrated', sentence, result), guestTrouble: sentence };
  state.callOperator(`start vm ${plan.vmid}`);
  state.finish('needsOperator', report);
  throw ApplicationFailure.create({ type: 'GuestNotRunning', message: sentence, nonRetryable: true, details: [report] });
}

/** The target moves the config before it lets the guest run: a config that is still on the source means that it never ran there. */
function adviceOf({ plan }: MigrationRun, configOnSource: boolean | null): string {
  const { vmid, source, target } = plan;
  const disks = isCold(plan) ? plan.volumes.map(({ volid }) => volid) : plan.disks.map(({ sourceVolid }) => sourceVolid);
  const lost = `vm ${vmid} was handed over to ${target}, which was fenced, and runs nowhere`;
  switch (configOnSource) {
    case true:
      return `${lost}; its config is still on ${source}, so it never ran on ${target}: start it on ${source} while ${target} is off`;
    case false:
      return `${lost}; its config is on ${target}: start it there when ${target} is back, or let HA or a restore bring it up elsewhere${keptDisks(source, disks)}`;
    case null:
      return `${lost}; look which node holds its config: on ${source}, it never ran on ${target}, start it on ${source}; on ${target}, start it there when it is back, or let HA or a restore bring it up elsewhere${keptDisks(source, disks)}`;
  }
}

const keptDisks = (source: string, volids: readonly string[]): string =>
  volids.length === 0 ? '' : `; its disks as of the switch were kept on ${source}: ${volids.join(', ')}`;
