import type { Refusal } from '../contracts/plan.js';
import type { CheckContext } from './context.js';
import { refuse } from './refuse.js';

/** One operation at a time: PVE's `lock` key, and the record of who holds it. */
export function checkLock({ cluster: { lockOwner, lockRun, guest }, request: { vmid } }: CheckContext): readonly Refusal[] {
  const lock = guest?.config.lock ?? null;
  const [name, tool] = guest?.kind === 'lxc' ? ['CT', 'pct'] : ['VM', 'qm'];
  if (lockOwner !== null) {
    const { workflowId, requestedBy, since, reason } = lockOwner;
    const why = reason === undefined ? '' : `, "${reason}"`;
    const isStale = lockRun === 'closed' || lockRun === 'gone';
    return [
      refuse(
        'guest-locked',
        `${name} is locked (${lock ?? 'migrate'}) by ${workflowId}, requested by ${requestedBy} at ${since}${why}${isStale ? '; that workflow is closed and has left its lock' : ''}`,
        isStale
          ? `it is undone or finished by itself within minutes, at once with: ferry reconcile; then try again`
          : `wait for ${workflowId} to end, or end it: ferry cancel ${vmid}`,
      ),
    ];
  }
  if (lock === null) return [];
  return [refuse('guest-locked', `${name} is locked (${lock})`, `wait for the ${lock} to end; when it is certain that it has ended: ${tool} unlock ${vmid}`)];
}
