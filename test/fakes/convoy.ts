import type { WorkflowHandle } from '@temporalio/client';
import { askLedgers } from '../../client/api/ask-ledgers.js';
import type { Addressed, LedgerView, LimitChange, SlotNeed } from '../../domain/contracts/slots.js';
import { SLOT_LEDGERS_ID } from '../../domain/ids.js';
import type { Bench } from './bench.js';
import { gateAt } from './gate.js';
import { Scenario, endingOf, eventually, progressOf, type ScenarioOptions } from './scenario.js';
import { expectSound } from './table.js';

/** Migrations that share slots; each stays in its copying until it is let go on. */
export class Convoy {
  readonly gates: ReturnType<typeof gateAt>[] = [];
  readonly scenarios: Scenario[] = [];
  readonly handles: WorkflowHandle[] = [];
  readonly #bench: Bench;

  constructor(bench: Bench) {
    this.#bench = bench;
  }

  /** Its number. `prepare`: before it is started. */
  async add(slots: readonly SlotNeed[], options: ScenarioOptions = {}, prepare: (scenario: Scenario) => void = () => undefined): Promise<number> {
    const gate = gateAt('source.precopy', { firstOnly: true });
    const scenario = new Scenario(this.#bench, { pauseAt: gate.pauseAt, ...options, slots });
    prepare(scenario);
    this.gates.push(gate);
    this.scenarios.push(scenario);
    this.handles.push(await scenario.start());
    return this.handles.length - 1;
  }

  /** The first one holds the only slot, and so many wait for it, each behind the one before. */
  async queue(resource: string, waiting = 1): Promise<void> {
    await this.add([needOf(resource, 1)]);
    await this.copying(0);
    for (let index = 1; index <= waiting; index += 1) {
      await this.add([needOf(resource, 1)]);
      await this.queued(index);
    }
  }

  handle(index: number): WorkflowHandle {
    return this.handles[index] as WorkflowHandle;
  }

  copying(index: number): Promise<void> {
    return (this.gates[index] as ReturnType<typeof gateAt>).reached;
  }

  async queued(index: number): Promise<void> {
    await eventually(async () => (await progressOf(this.handle(index))).phase === 'queued');
  }

  letGo(index: number): void {
    (this.gates[index] as ReturnType<typeof gateAt>).open();
  }

  async expect(index: number, outcome: Parameters<typeof expectSound>[2]): Promise<void> {
    expectSound(this.scenarios[index] as Scenario, await endingOf(this.handle(index)), outcome);
  }

  async stop(): Promise<void> {
    for (const gate of this.gates) gate.open();
    await Promise.all(this.scenarios.map((scenario) => scenario.stop()));
  }
}

export async function withConvoy(bench: Bench, tell: (convoy: Convoy) => Promise<void>): Promise<void> {
  const convoy = new Convoy(bench);
  try {
    await tell(convoy);
  } finally {
    await convoy.stop();
  }
}

let resources = 0;
export const newResource = (): string => `shared${(resources += 1)}`;

/** What a live migration wants of its source. */
export const needOf = (resource: string, out = 2): SlotNeed =>
  ({ resource, pools: ['prepare-out', 'transfer-out', 'switchover-out'], configured: { 'transfer-out': out, 'prepare-out': 2 } });

const ledgers = ({ env }: Bench): WorkflowHandle => env.client.workflow.getHandle(SLOT_LEDGERS_ID);

/** What is not open is empty. */
export async function viewOf(bench: Bench, resource: string): Promise<LedgerView> {
  const views = await askLedgers(() => ledgers(bench).query<readonly LedgerView[]>('slots'));
  return views.find((view) => view.resource === resource) ?? { resource, pools: [], holders: [], waiters: [] };
}

export const setLimits = (bench: Bench, resource: string, change: LimitChange): Promise<LedgerView> =>
  askLedgers(() => ledgers(bench).executeUpdate<LedgerView, [Addressed<LimitChange>]>('setLimits', { args: [{ resource, ...change }] }));

/** Nobody holds or waits there, and no limit has to be kept. */
export async function isUnused(bench: Bench, resource: string): Promise<boolean> {
  const { pools, holders, waiters } = await viewOf(bench, resource);
  return holders.length + waiters.length === 0 && pools.every(({ setBy }) => setBy === null);
}

/** All ledgers are unused, and their workflow has ended by itself. */
export const ledgersHaveEnded = (bench: Bench): Promise<boolean> => ledgers(bench).describe().then(({ status }) => status.name === 'COMPLETED');
