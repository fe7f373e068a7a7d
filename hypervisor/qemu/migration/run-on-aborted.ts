import type { SwitchDeps } from './switch.js';

/**
 * A copy that has completed may only go on here when the token says `aborted` (rule 2 of the handover protocol). This node
 * sees that with its own eyes and needs nobody's command: the guest must not stand still because the orchestrator is away.
 * False, and nothing done, when the token says anything else or the guest has found a home elsewhere meanwhile.
 */
export async function runOnAborted({ token, configs, journal, monitor, node, plan, ref }: SwitchDeps, givenUp: () => boolean): Promise<boolean> {
  if (await token.read(ref.vmid, ref.epoch) !== 'aborted') return false;
  await journal.requireCurrent(ref.vmid, ref.epoch);
  const owner = await configs.find(ref.vmid);
  if (owner === null || owner.node !== node || givenUp()) return false;
  if (!plan.keepPaused) await monitor.cont();
  return true;
}
