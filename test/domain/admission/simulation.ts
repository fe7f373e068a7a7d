import { Claims, type SlotMessage } from '../../../domain/admission/claims.js';
import { LedgerDesk } from '../../../domain/admission/desk.js';
import { limitOf, newLedger } from '../../../domain/admission/ledger.js';
import { usedOf } from '../../../domain/admission/decide.js';
import { POOLS, type SlotAnswer, type SlotNeed } from '../../../domain/contracts/slots.js';

export interface SimulatedMigration {
  readonly priority: number;
  readonly needs: readonly SlotNeed[];
  /** It dies as soon as it is admitted, or while it waits, and says nothing more. */
  readonly dies: boolean;
}

interface Migration extends SimulatedMigration {
  readonly epoch: string;
  readonly vmid: number;
  readonly claims: Claims;
  readonly sinceMs: number;
  state: 'asking' | 'admitted' | 'over' | 'dead';
}

type Letter = { readonly to: 'ledger'; readonly from: Migration; readonly message: SlotMessage } | { readonly to: 'migration'; readonly answer: SlotAnswer };

/** Migrations and ledgers with a network between that delivers in any order, and some letters twice. `draw`: a number from 0 to below its argument. */
export class Simulation {
  readonly broken: string[] = [];
  readonly migrations: readonly Migration[];
  readonly desks = new Map<string, LedgerDesk>();
  /** In which order they were admitted. */
  readonly admitted: string[] = [];
  readonly #draw: (below: number) => number;
  #letters: Letter[] = [];
  #nowMs = 1_000_000;

  constructor(migrations: readonly SimulatedMigration[], draw: (below: number) => number) {
    this.#draw = draw;
    this.migrations = migrations.map((one, index) => ({ ...one, epoch: `e${index}`, vmid: 100 + index, claims: new Claims(), sinceMs: this.#nowMs + index, state: 'asking' }));
  }

  get leftovers(): string[] {
    return [...this.desks].flatMap(([resource, { ledger }]) => ledger.entries.map(({ epoch }) => `${resource}: ${epoch}`));
  }

  /** Until everybody is over, or `steps` were not enough. */
  run(steps = 4000): boolean {
    for (const migration of this.migrations) this.#post(migration, migration.claims.want(migration.needs, this.#nowMs));
    for (let step = 0; step < steps; step += 1) {
      this.#nowMs += this.#draw(3);
      if (this.#letters.length === 0 && this.migrations.every(({ state }) => state === 'over' || state === 'dead')) return true;
      this.#step();
      this.#judge();
    }
    return false;
  }

  #step(): void {
    const admitted = this.migrations.filter(({ state }) => state === 'admitted');
    if (admitted.length > 0 && (this.#letters.length === 0 || this.#draw(6) === 0)) return this.#end(admitted[this.#draw(admitted.length)] as Migration);
    if (this.#letters.length > 0) return this.#deliver();
    // Nothing is on the way: what periodic questions and checks are for.
    this.#nowMs += 30_000;
    for (const desk of this.desks.values()) for (const { epoch } of desk.ledger.entries) if (this.#of(epoch).state === 'dead') this.#atDesk(desk, () => desk.drop(epoch, this.#nowMs));
    for (const migration of this.migrations) if (migration.state === 'asking') this.#post(migration, migration.claims.askAgain(this.#nowMs));
  }

  #end(migration: Migration): void {
    migration.state = 'over';
    this.#post(migration, migration.claims.done(['prepare'], this.#nowMs));
    this.#post(migration, migration.claims.done(['transfer', 'switchover'], this.#nowMs));
  }

  #deliver(): void {
    const index = this.#draw(this.#letters.length);
    const letter = this.#letters[index] as Letter;
    if (this.#draw(5) > 0) this.#letters.splice(index, 1);
    if (letter.to === 'ledger') return this.#atLedger(letter.from, letter.message);
    const migration = this.#of(letter.answer.epoch);
    const desk = this.desks.get(letter.answer.resource) as LedgerDesk;
    if (migration.state === 'dead' || migration.state === 'over') return this.#atDesk(desk, () => desk.drop(migration.epoch, this.#nowMs));
    this.#post(migration, migration.claims.hear(letter.answer, this.#nowMs));
    if (migration.state !== 'asking') return;
    if (migration.claims.complete) {
      migration.state = 'admitted';
      this.admitted.push(migration.epoch);
    }
    if (migration.dies && this.#draw(2) === 0) migration.state = 'dead';
  }

  #atLedger({ vmid, epoch, priority, sinceMs }: Migration, message: SlotMessage): void {
    const resource = message.kind === 'request' ? message.need.resource : message.resource;
    const known = this.desks.get(resource);
    // As in reality: a request starts a ledger, anything else for one that is not open is lost.
    if (known === undefined && message.kind === 'release') return;
    const desk = known ?? new LedgerDesk(newLedger(resource), this.#nowMs);
    this.desks.set(resource, desk);
    this.#atDesk(desk, () => {
      if (message.kind === 'release') desk.release({ epoch, seq: message.seq, keep: message.keep }, this.#nowMs);
      else {
        const request = { vmid, epoch, workflowId: epoch, priority, sinceMs, seq: message.seq, pools: message.need.pools, configured: message.need.configured };
        // By signal, or by Update; the answer travels for a while either way.
        if (this.#draw(2) === 0) return desk.request(request, this.#nowMs);
        const answer = desk.answer(request, this.#nowMs);
        if (answer !== null) this.#letters.push({ to: 'migration', answer });
      }
    });
  }

  #atDesk(desk: LedgerDesk, act: () => void): void {
    act();
    this.#letters.push(...desk.takeAnswers().map((answer): Letter => ({ to: 'migration', answer })));
  }

  #post(from: Migration, messages: readonly SlotMessage[]): void {
    this.#letters.push(...messages.map((message): Letter => ({ to: 'ledger', from, message })));
  }

  #of(epoch: string): Migration {
    return this.migrations.find((one) => one.epoch === epoch) as Migration;
  }

  #judge(): void {
    for (const [resource, { ledger }] of this.desks) {
      for (const pool of POOLS) {
        const limit = limitOf(ledger, pool) ?? Infinity;
        if (usedOf(ledger.entries, pool) > limit) this.broken.push(`${resource} gave out more ${pool} than ${limit}`);
        const believers = this.migrations.filter(({ state, claims }) => (state === 'asking' || state === 'admitted')
          && claims.all.some((claim) => claim.resource === resource && claim.status === 'granted' && claim.pools.includes(pool)));
        if (believers.length > limit) this.broken.push(`${believers.map(({ epoch }) => epoch).join(', ')} believe that they hold ${pool} of ${resource}, limit ${limit}`);
      }
    }
  }
}
