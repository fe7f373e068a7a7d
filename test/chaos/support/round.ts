import { setTimeout as sleep } from 'node:timers/promises';
import { startMigration, type Ending, type FerryClient } from '../../../client/index.js';
import { awaitEnding } from '../../../client/api/outcome.js';
import { parseMigrateRequest } from '../../../domain/edge/migrate-request.js';
import type { Lab } from '../../../lab/lab.js';
import type { DrawnRound } from './draw.js';
import { healAll, inject, MAY_KILL_GUESTS, slowDown, type Move } from './faults.js';
import type { ChaosGuest } from './guest.js';

/** What one round came to. */
export interface Round {
  /** `migrated`, `rolled-back`, …, or the error code of a run that left no report; one for each guest. */
  readonly outcomes: readonly string[];
  /** Faults that were really done. */
  readonly faults: readonly string[];
  readonly violations: readonly string[];
}

const END_MS = 300_000;
/** So long a guest may stand still before the operator looks whether a fault has killed it. */
const DEAD_MS = 20_000;

/** Moves every guest, lets the faults happen, heals all, waits for the ends, and judges. */
export async function playRound(lab: Lab, client: FerryClient, guests: readonly ChaosGuest[], drawn: DrawnRound): Promise<Round> {
  await slowDown(lab);
  const moves = await Promise.all(guests.map((guest, i) => begin(lab, client, guest, drawn.moves[i] ?? { hop: 1, transport: 'secure' })));
  const happened: string[] = [];
  await Promise.all(drawn.faults.map(async (fault) => {
    await sleep(fault.afterMs);
    const move = moves[fault.of];
    if (move !== undefined && (await inject(lab, move, fault))) happened.push(fault.kind);
  }));
  await healAll(lab);
  const mayDie = happened.some((kind) => (MAY_KILL_GUESTS as readonly string[]).includes(kind));
  const endings = await Promise.all(moves.map((move, i) => untilEnded(move, guests[i] as ChaosGuest, mayDie)));
  const violations: string[] = endings.flatMap((ending, i) => (ending === null ? [`VM ${moves[i]?.vmid}: its migration did not end within ${END_MS / 1000} s of a whole cluster`] : []));
  for (const guest of guests) {
    if (!guest.running && mayDie) await guest.revive();
    violations.push(...guest.running ? await guest.verdict() : [`VM ${guest.vmid}: it runs nowhere, and nothing had killed it`]);
  }
  return { outcomes: endings.map((ending) => nameOf(ending)), faults: happened, violations };
}

interface RunningMove extends Move {
  ending(): Promise<Ending>;
}

async function begin(lab: Lab, client: FerryClient, { vmid, node }: ChaosGuest, { hop, transport }: DrawnRound['moves'][number]): Promise<RunningMove> {
  const target = lab.nodes[(lab.nodes.indexOf(node) + hop) % lab.nodes.length] ?? node;
  const { workflowId, runId } = await startMigration(client, parseMigrateRequest({ vmid, target, online: true, migrationType: transport, requestedBy: 'chaos' }));
  const handle = client.temporal.workflow.getHandle(workflowId, runId);
  return {
    vmid, source: node, target,
    cancel: async () => { await handle.cancel(); },
    ending: () => awaitEnding(handle),
  };
}

/** null: it did not end. A guest that a fault has killed is started by the operator, as the record asks. */
async function untilEnded(move: RunningMove, guest: ChaosGuest, mayDie: boolean): Promise<Ending | null> {
  const over = new AbortController();
  // The server may have been away while it was asked.
  const ended = retrying(() => move.ending(), over.signal);
  const operator = mayDie ? sleep(DEAD_MS, undefined, { signal: over.signal }).then(() => (guest.running ? undefined : guest.revive())).catch(() => undefined) : Promise.resolve();
  const late = sleep(END_MS, null, { signal: over.signal }).catch(() => null);
  const ending = await Promise.race([ended, late]);
  over.abort();
  await operator;
  return ending;
}

async function retrying<T>(ask: () => Promise<T>, signal: AbortSignal): Promise<T | null> {
  for (;;) {
    try {
      return await ask();
    } catch {
      if (signal.aborted) return null;
      await sleep(500);
    }
  }
}

const nameOf = (ending: Ending | null): string => (ending === null ? 'did not end' : ending.kind === 'report' ? ending.report.outcome : ending.code);
