import { setTimeout as sleep } from 'node:timers/promises';
import { alignColumns } from '../../domain/report/align.js';
import type { EvacuationReport } from '../../domain/contracts/evacuation-report.js';
import type { RollReport } from '../../domain/contracts/roll.js';
import { migrationWorkflowId, SLOT_LEDGERS_ID } from '../../domain/ids.js';
import { Bench } from '../fakes/bench.js';
import { FakeCluster } from '../fakes/cluster.js';
import { start } from '../fakes/evacuation.js';
import { eventsOf, historiesOf, sum } from './histories.js';

/**
 * A simulated cluster: real Temporal server, real workflows, agents that take their time but move nothing. `FERRY_SCALE`: numbers of guests;
 * `FERRY_SCALE_NODES`: nodes of the roll, 0: none.
 */
const GUESTS = (process.env['FERRY_SCALE'] ?? '100,300,1000').split(',').map(Number);
const ROLLED = Number(process.env['FERRY_SCALE_NODES'] ?? 50);
const CONCURRENCY = 12;
/** As many out as may move at once: what is measured is the asking, not the waiting. */
const SLOTS = { enabled: true, in: 4, out: CONCURRENCY, nodes: {} };

jest.setTimeout(1_800_000);

/** Milliseconds a step takes on a fast cluster with small guests, a tenth of the real. */
const PACE: Readonly<Record<string, number>> = {
  'source.syncDisks': 60, 'source.precopy': 120, 'target.reserveTarget': 40, 'source.cleanupSource': 20, 'target.verifyRunning': 10, 'source.prepareSource': 20,
};
const pace = (call: string): Promise<void> => sleep(PACE[call] ?? 2).then(() => undefined);

let bench: Bench;
beforeAll(async () => {
  bench = await Bench.start('test/scale/workflows.ts');
});
afterAll(() => bench?.stop());

interface Row {
  readonly guests: number;
  readonly eventsPerGuest: number;
  readonly cells: readonly string[];
}
const rows: Row[] = [];
const say = (text: string): void => void process.stderr.write(`${text}\n`);

test.each(GUESTS)('%i guests leave one node', async (guests) => {
  const cluster = new FakeCluster(bench, { nodes: 16, pace, slots: SLOTS });
  await cluster.start();
  try {
    const asked = await eventsOf(bench.env.client.workflow, SLOT_LEDGERS_ID);
    const vmids = cluster.add(guests);
    const beganAt = performance.now();
    const handle = await start(bench, 'evacuateNode', { node: cluster.node(0), concurrency: CONCURRENCY }, {});
    const report = (await handle.result()) as EvacuationReport;
    const seconds = (performance.now() - beganAt) / 1000;
    expect({ outcome: report.outcome, left: cluster.on(0).length, begun: cluster.begun.length, violations: cluster.violations }).toEqual({ outcome: 'empty', left: 0, begun: guests, violations: [] });
    expect(cluster.most).toBeLessThanOrEqual(CONCURRENCY);
    const parent = await historiesOf(bench.env.client.workflow, handle.workflowId, handle.firstExecutionRunId);
    const sample = vmids.filter((_, index) => index % Math.ceil(guests / 10) === 0);
    const children = await Promise.all(sample.map(async (vmid) => (await bench.env.client.workflow.getHandle(migrationWorkflowId(vmid)).describe()).historyLength));
    const eventsPerGuest = sum(parent.events) / guests;
    const ledger = (await eventsOf(bench.env.client.workflow, SLOT_LEDGERS_ID)) - asked;
    rows.push({ guests, eventsPerGuest, cells: [
      String(guests), seconds.toFixed(1), (guests / seconds).toFixed(1), eventsPerGuest.toFixed(1), (sum(children) / children.length).toFixed(1), (ledger / guests).toFixed(1), String(parent.runs - 1), parent.events.join(' + '), (parent.bytes / guests).toFixed(0),
    ] });
    say(alignColumns([['guests', 'seconds', 'guests/s', 'events/guest', 'events/migration', 'ledgers/guest', 'continued', "parent's histories", 'bytes/guest'], ...rows.map(({ cells }) => cells)]).join('\n'));
    expect(Math.max(...parent.events)).toBeLessThan(20_000);
  } finally {
    await cluster.stop();
  }
});

test('the history grows with the guests, not faster', () => {
  const [first, last] = [rows[0], rows.at(-1)];
  if (first === undefined || last === undefined || first === last) return;
  expect(last.eventsPerGuest).toBeLessThan(first.eventsPerGuest * 1.25);
});

(ROLLED === 0 ? test.skip : test)(`a roll of ${ROLLED} nodes`, async () => {
  const cluster = new FakeCluster(bench, { nodes: ROLLED, pace, slots: SLOTS, hook: () => sleep(100).then(() => undefined) });
  await cluster.start();
  try {
    for (let index = 0; index < ROLLED; index += 1) cluster.add(2, { on: index });
    const before = cluster.nodes.map((_, index) => cluster.on(index));
    const beganAt = performance.now();
    const handle = await start(bench, 'rollNodes', { nodes: cluster.nodes, hook: 'upgrade', concurrency: 4 }, {});
    const report = (await handle.result()) as RollReport;
    expect({ outcome: report.outcome, violations: cluster.violations, cordons: cluster.cordons.size }).toEqual({ outcome: 'done', violations: [], cordons: 0 });
    expect(cluster.nodes.map((_, index) => cluster.on(index))).toEqual(before);
    const parent = await historiesOf(bench.env.client.workflow, handle.workflowId, handle.firstExecutionRunId);
    say(`roll of ${ROLLED} nodes with ${2 * ROLLED} guests: ${((performance.now() - beganAt) / 1000).toFixed(1)} s, ${cluster.begun.length} migrations, ${(sum(parent.events) / ROLLED).toFixed(1)} events per node in ${parent.runs} run(s)`);
  } finally {
    await cluster.stop();
  }
});
