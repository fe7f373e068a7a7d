import { assertNever } from '../errors.js';
import type { Phase } from '../contracts/phase.js';

/** One sentence for each phase. */
export function whatHappens(phase: Phase): string {
  return SENTENCES[phase];
}

/** What an operator can do in this phase, and what it would mean. */
export function adviceFor(phase: Phase, vmid: number): string {
  const watch = `follow it with \`ferry show ${vmid}\``;
  const cancel = `\`ferry cancel ${vmid}\` (or Request Cancellation): everything is undone and the guest runs on where it is`;
  switch (phase) {
    case 'validating':
    case 'queued':
    case 'reserving':
      return `${cancel}.`;
    case 'diskSync':
    case 'precopy':
      return `${cancel}; change its limits with \`ferry steer ${vmid} --downtime-limit <ms>\` or \`--bwlimit <KiB/s>\` (updates setDowntimeBudget, setBandwidth); ${watch}.`;
    case 'switchover':
      return 'wait: the guest changes nodes in these milliseconds. Do not terminate the workflow, do not touch the two QEMU processes.';
    case 'verifying':
    case 'cleanup':
      return `wait, the guest has moved and nothing goes back; ${watch}.`;
    case 'deciding':
      return `wait: it is being found out, or decided, on which node the guest goes on. Start or stop it by hand on no node; ${watch}.`;
    case 'rollingBack':
      return `wait: what was prepared is being undone, a step that can't be done now is tried again; ${watch}.`;
    case 'needsOperator':
      return `bring back what it waits for; it goes on by itself. Or say what you know: \`ferry resolve ${vmid} --confirm-fenced <node>\`, \`--retry-now\` or \`--give-up\` (updates confirmFenced, retryNow, giveUp). Start or stop the guest by hand on no node, and do not terminate the workflow.`;
    case 'completed':
    case 'rolledBack':
    case 'refused':
      return `read the report: \`ferry show ${vmid}\`.`;
    default:
      return assertNever(phase);
  }
}

const SENTENCES: Readonly<Record<Phase, string>> = {
  validating: 'Checking whether it can be done; nothing is touched',
  queued: 'Waiting for its turn; nothing is touched',
  reserving: 'Preparing the target; the guest runs on the source',
  diskSync: 'Copying local disks while the guest runs on the source',
  precopy: 'Copying memory while the guest runs on the source',
  switchover: 'Switching: the guest stands still for a moment',
  verifying: 'Checking that the guest runs on the target',
  cleanup: 'Cleaning up on the source; the guest runs on the target',
  completed: 'Done: the guest runs on the target',
  deciding: 'It broke off: deciding on which node the guest goes on',
  rollingBack: 'Undoing everything; the guest stays on the source',
  rolledBack: 'Undone: the guest is on the source, as before',
  needsOperator: 'An operator is needed',
  refused: 'Refused; nothing was touched',
};
