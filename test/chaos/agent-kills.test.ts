import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import fc from 'fast-check';
import { begin, expectWhole, migrate, reportOf, startCluster, VMID, type Cluster } from '../cluster-lab/support/cluster.js';
import { healAll } from './support/faults.js';

const times = Number(process.env['TIMES'] ?? 100);
const seed = Number(process.env['SEED'] ?? 1);
const UNDISTURBED = 8;
jest.setTimeout((times + UNDISTURBED) * 60_000);

let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ nodes: 2, memoryMiB: 192, workingSetMiB: 32, dirtyMiBps: 4, disks: ['local:32M,format=qcow2', 'shared:32M'] });
});
afterAll(() => cluster?.down());

test(`${times} migrations, the source agent of each killed at a random instant: one stream each, nothing left`, async () => {
  const quiet: number[] = [];
  for (let i = 0; i < UNDISTURBED; i += 1) quiet.push((await migrate(cluster, other())).totalMs);
  const usual = median(quiet);
  const instants = fc.sample(fc.integer({ min: 0, max: Math.round(usual) }), { seed, numRuns: times });
  const added: number[] = [];
  const outcomes: Record<string, number> = {};
  for (const [i, afterMs] of instants.entries()) {
    const [source, target] = [cluster.lab.vmNode(VMID), other()];
    const migration = await begin(cluster, target);
    await sleep(afterMs);
    await cluster.lab.agent(source, 'kill');
    const report = reportOf(await migration.ending());
    outcomes[report.outcome] = (outcomes[report.outcome] ?? 0) + 1;
    added.push(report.totalMs - usual);
    const streams = streamsOf(source, report.epoch);
    if (streams > 1) throw new Error(`killed after ${afterMs} ms: QEMU was told ${streams} times to migrate`);
    await healAll(cluster.lab);
    await expectWhole(cluster, report.outcome === 'migrated' ? target : source);
    process.stdout.write(`${i + 1}/${times}  killed after ${afterMs} ms: ${report.outcome} in ${report.totalMs} ms\n`);
  }
  process.stdout.write(`${JSON.stringify(outcomes)}; undisturbed ${usual.toFixed(0)} ms; added by the kill: median ${median(added).toFixed(0)} ms, most ${Math.max(...added).toFixed(0)} ms\n`);
});

const other = (): string => (cluster.lab.vmNode(VMID) === 'pve1' ? 'pve2' : 'pve1');

/** How often this node's agents told QEMU to migrate: what the journal says, which is written before the command. */
function streamsOf(node: string, epoch: string): number {
  const folder = join(cluster.lab.dir, 'nodes', node, 'ferry', 'journal', String(VMID));
  const text = readdirSync(folder).filter((name) => name.includes(epoch)).map((name) => readFileSync(join(folder, name), 'utf8')).join('\n');
  return text.split('\n').filter((line) => line.includes('"state":"migrating"')).length;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
