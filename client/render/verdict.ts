import { isCold, type ColdPlan, type LivePlan, type Verdict } from '../../domain/contracts/plan.js';
import { renderRefusals } from '../../domain/report/render-text.js';
import { renderBytes, renderLimit } from '../../domain/units.js';

/** What `ferry check` prints: the plan, or every refusal with its code, sentence and remedy. */
export function renderVerdict(vmid: number, target: string, verdict: Verdict): string {
  const lines = verdict.refusals.length === 0
    ? [`guest ${vmid} can be moved to ${target}.`, ...planLines(verdict)]
    : [`guest ${vmid} can't be moved to ${target}: ${verdict.refusals.length === 1 ? 'one reason' : `${verdict.refusals.length} reasons`}.`, ...renderRefusals(verdict.refusals).map((line) => `  ${line}`)];
  return [...lines, ...verdict.warnings.map((warning) => `  warning: ${warning}`)].join('\n');
}

function planLines({ plan }: Verdict): string[] {
  if (plan === null) return [];
  const { transport } = plan;
  return [
    `  ${plan.source} → ${plan.target}, ${plan.mode}, ${transport.type}, ${transport.network === null ? 'management network' : `network ${transport.network}`} (${transport.sourceAddress} → ${transport.targetAddress})`,
    ...(isCold(plan) ? coldLines(plan) : liveLines(plan)),
  ];
}

const liveLines = (plan: LivePlan): string[] => [
  `  memory ${renderBytes(plan.memoryBytes)}, bandwidth ${renderLimit(plan.bandwidthBytesPerSecond)}, downtime up to ${plan.policy.downtimeBudgetMs} ms`,
  ...plan.disks.map((disk) => `  ${disk.drive}: ${disk.sourceVolid} → ${disk.targetStorage} (${renderBytes(disk.sizeBytes)}, ${disk.targetFormat})`),
];

const coldLines = (plan: ColdPlan): string[] => [
  `  ${plan.mode === 'restart' ? `stopped (within ${plan.stopTimeoutSeconds} s), moved, started again` : 'stays stopped'}, bandwidth ${renderLimit(plan.bandwidthBytesPerSecond)}`,
  ...plan.volumes.map((volume) => `  ${volume.usedAs}: ${volume.volid} → ${volume.targetStorage} (${renderBytes(volume.usedBytes)} to copy, ${volume.targetFormat})`),
];
