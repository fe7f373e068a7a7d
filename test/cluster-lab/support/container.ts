import type { CtProbe, CtProbeReport } from '../../../lab/ct-probe.js';
import { ctRunsOn } from '../../../lab/ct.js';
import { leftBy, type ColdLab } from './cold.js';

/** Waits for what the probe sees. */
export async function until(probe: CtProbe, holds: (report: CtProbeReport) => boolean, withinMs = 20_000): Promise<CtProbeReport> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const report = await probe.snapshot();
    if (holds(report)) return report;
    if (performance.now() > deadlineMs) throw new Error(`the container does not answer as expected: ${JSON.stringify(report)}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** The last number that it says is on its disk. */
export const toldBy = async (probe: CtProbe): Promise<number> => (await until(probe, ({ lastAnswer }) => (lastAnswer?.n ?? 0) > 0)).lastAnswer?.n ?? 0;

/** The container answers now, has lost no number it had told, runs on `owner` alone, and nothing is left of the move. */
export async function expectWhole(cold: ColdLab, probe: CtProbe, { vmid, owner, told }: { readonly vmid: number; readonly owner: string; readonly told: number }): Promise<CtProbeReport> {
  const asked = (await probe.snapshot()).answered;
  const seen = await until(probe, ({ answered, lastAnswer }) => answered > asked && (lastAnswer?.n ?? 0) >= told);
  expect(seen.lastAnswer?.writeErrors).toBe(0);
  expect(seen.lastAnswer?.n).toBeGreaterThanOrEqual(told);
  expect(cold.lab.ctNode(vmid)).toBe(owner);
  expect(await leftBy(cold, vmid, 'lxc', owner)).toEqual([]);
  expect(cold.lab.nodes.filter((node) => ctRunsOn(cold.lab.layout, vmid, node))).toEqual([owner]);
  return seen;
}
