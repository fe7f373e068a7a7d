import { epochShort } from '../ids.js';
import type { Finding, NodeSurvey, Thing } from '../contracts/reconcile.js';

/** What looks like ferry's on this node and belongs to no open migration: listed, never touched. */
export function judgeThings(survey: NodeSurvey): readonly Finding[] {
  return survey.things.flatMap((thing) => {
    const reason = isLedgered(survey, thing) ? null : whyStrange(survey, thing);
    if (reason === null) return [];
    return [{ verdict: 'stranger' as const, vmid: thing.vmid, epoch: null, subject: `${thing.kind} ${thing.name}`, reason, workflowId: null, nodes: [survey.node] }];
  });
}

/** An open entry stands for all its migration made here; the name of a run directory says which one. */
const isLedgered = ({ ledger, damaged }: NodeSurvey, { vmid, epochShort: short }: Thing): boolean =>
  [...ledger.filter(({ closed }) => !closed), ...damaged].some((entry) => entry.vmid === vmid && (short === null || epochShort(entry.epoch) === short));

function whyStrange(survey: NodeSurvey, { kind, vmid }: Thing): string | null {
  const configNode = survey.claims.find((claims) => claims.vmid === vmid)?.configNode ?? null;
  const runsHere = survey.things.some((other) => other.kind === 'QEMU' && other.vmid === vmid);
  switch (kind) {
    case 'QEMU':
      if (configNode === survey.node) return null;
      return configNode === null ? 'no node has a config of this guest' : `the guest's config is on ${configNode}`;
    case 'tap':
    case 'socket':
      return runsHere ? null : 'no QEMU of this guest runs here';
    case 'run directory':
    case 'volume draft':
    case 'snapshot':
    case 'temporary file':
      return 'no migration in this node\'s journal made it';
  }
}
