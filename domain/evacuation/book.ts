import type { EvacuatedGuest, EvacuationBookData, GuestState, OperatorAction, PlanFigures, StopReason } from '../contracts/evacuation-progress.js';
import type { EvacuationPlan, EvacuationRequest, PlannedMove, StayingGuest } from '../contracts/evacuation.js';
import type { NodeName, Vmid } from '../ids.js';
import type { MoveVerdict } from './judge-move.js';

/** States in which the guest has nothing to do with the next plan. */
const SETTLED: readonly GuestState[] = ['moving', 'checking', 'moved', 'failed', 'skipped', 'gone'];

/** How many guests an evacuation is made of, in which state each is, and what people said: all it knows. Plain data goes in and comes out. */
export class EvacuationBook {
  readonly direction: 'away' | 'home';
  readonly startedAtMs: number;
  readonly canary: number;
  readonly failureBudget: number;
  readonly actions: OperatorAction[];
  readonly incidents: string[];
  moves: readonly PlannedMove[];
  concurrency: number;
  bwlimitKiBps: number | null;
  paused: boolean;
  approved: boolean;
  stop: StopReason | null;
  bringBack: boolean;
  plans: number;
  first: PlanFigures | null;
  runs: number;
  readonly #guests: Map<Vmid, EvacuatedGuest>;
  readonly #retargets: Map<Vmid, NodeName>;

  constructor(data: EvacuationBookData) {
    this.direction = data.direction;
    this.startedAtMs = data.startedAtMs;
    this.canary = data.canary;
    this.failureBudget = data.failureBudget;
    this.actions = [...data.actions];
    this.incidents = [...data.incidents];
    this.moves = data.moves;
    this.concurrency = data.concurrency;
    this.bwlimitKiBps = data.bwlimitKiBps;
    this.paused = data.paused;
    this.approved = data.approved;
    this.stop = data.stop;
    this.bringBack = data.bringBack;
    this.plans = data.plans;
    this.first = data.first;
    this.runs = data.runs;
    this.#guests = new Map(data.guests.map((guest) => [guest.vmid, guest]));
    this.#retargets = new Map(data.retargets.map(({ vmid, to }) => [vmid, to]));
  }

  static open(request: EvacuationRequest, direction: 'away' | 'home', nowMs: number): EvacuationBook {
    return new EvacuationBook({
      direction, startedAtMs: nowMs, guests: [], moves: [], concurrency: request.concurrency, bwlimitKiBps: request.bwlimitKiBps ?? null,
      canary: request.canary, failureBudget: request.failureBudget, paused: false, approved: !request.approval, stop: null, bringBack: false,
      plans: 0, first: null, actions: [], incidents: [], retargets: [], runs: 1,
    });
  }

  get data(): EvacuationBookData {
    const { direction, startedAtMs, canary, failureBudget, actions, incidents, moves, concurrency, bwlimitKiBps, paused, approved, stop, bringBack, plans, first, runs } = this;
    return {
      direction, startedAtMs, canary, failureBudget, actions, incidents, moves, concurrency, bwlimitKiBps, paused, approved, stop, bringBack, plans, first, runs,
      guests: this.guests, retargets: [...this.#retargets].map(([vmid, to]) => ({ vmid, to })),
    };
  }

  get guests(): readonly EvacuatedGuest[] {
    return [...this.#guests.values()];
  }

  guest(vmid: Vmid): EvacuatedGuest | null {
    return this.#guests.get(vmid) ?? null;
  }

  in(...states: readonly GuestState[]): readonly EvacuatedGuest[] {
    return this.guests.filter(({ state }) => states.includes(state));
  }

  get running(): readonly EvacuatedGuest[] {
    return this.in('moving', 'checking');
  }

  /** Not to be planned again. */
  get settled(): readonly Vmid[] {
    return this.in(...SETTLED).map(({ vmid }) => vmid);
  }

  /** The plan replaces the one before; guests it says nothing of have left the node, but for those it was told to leave out (`settled` when it was made). */
  adopt(plan: EvacuationPlan, leftOut: readonly Vmid[] = this.settled): void {
    this.plans += 1;
    this.first ??= { bytes: plan.bytes, durationMs: plan.durationMs, quality: plan.quality, warnings: plan.warnings, moves: plan.moves.length };
    const settled = new Set(this.settled);
    this.moves = plan.moves.filter(({ vmid }) => !settled.has(vmid)).map((move) => ({ ...move, to: this.#wished(move.vmid) ?? move.to })).sort((a, b) => a.order - b.order);
    const canaries = this.plans > 1 ? [] : this.moves.filter(({ needs, parking }) => needs.length === 0 && !parking).slice(0, this.canary).map(({ vmid }) => vmid);
    const named = new Set([...this.moves, ...plan.stays].map(({ vmid }) => vmid));
    for (const { vmid, state } of this.guests) {
      if (!settled.has(vmid) && !named.has(vmid) && !leftOut.includes(vmid)) this.#change(vmid, { state: 'gone', reason: state === 'stays' ? 'it is no longer on the node' : 'it left the node by another hand' });
    }
    for (const stay of plan.stays) if (!settled.has(stay.vmid)) this.#stay(stay, plan.node);
    for (const move of this.moves) this.#expect(move, canaries.includes(move.vmid));
  }

  begin({ vmid }: PlannedMove, nowMs: number): void {
    this.moves = this.moves.filter((move) => move.vmid !== vmid);
    const attempts = (this.guest(vmid)?.attempts ?? 0) + 1;
    this.#change(vmid, { state: 'moving', attempts, startedAtMs: this.guest(vmid)?.startedAtMs ?? nowMs, begunAtMs: nowMs, endedAtMs: null, reason: '' });
  }

  /** Its migration has begun as this run. */
  follow(vmid: Vmid, runId: string): void {
    this.#change(vmid, { runId });
  }

  /** It has moved and is asked whether it does its work. */
  check(vmid: Vmid, verdict: MoveVerdict): void {
    this.#change(vmid, { ...figuresOf(verdict), state: 'checking', reason: verdict.reason });
  }

  settle(vmid: Vmid, verdict: MoveVerdict, nowMs: number): void {
    const guest = this.guest(vmid);
    if (guest === null) return;
    // What an operator said counts for one try: the node may be what was in the way.
    if (verdict.state === 'retrying' && verdict.innocent !== true) this.#retargets.delete(vmid);
    const avoid = verdict.avoid === undefined ? guest.avoid : [...new Set([...guest.avoid, verdict.avoid])];
    this.#change(vmid, {
      ...figuresOf(verdict), state: verdict.state, reason: verdict.reason, avoid, endedAtMs: nowMs,
      attempts: verdict.state === 'retrying' && verdict.innocent === true ? guest.attempts - 1 : guest.attempts,
      ...(verdict.unhealthy === undefined ? {} : { unhealthy: verdict.unhealthy }),
    });
    this.#heedTrouble(vmid);
  }

  /** An operator leaves it where it is. */
  skip(vmid: Vmid, reason: string): void {
    this.moves = this.moves.filter((move) => move.vmid !== vmid);
    this.#change(vmid, { state: 'skipped', reason });
  }

  /** It will be planned again, as if nothing had happened. */
  retry(vmid: Vmid, reason: string): void {
    this.#change(vmid, { state: 'retrying', attempts: 0, avoid: [], reason });
  }

  retarget(vmid: Vmid, to: NodeName): void {
    this.#retargets.set(vmid, to);
    this.moves = this.moves.map((move) => (move.vmid === vmid ? { ...move, to } : move));
    this.#change(vmid, { to });
  }

  /** Whoever is not moving or moved by now stays. */
  giveUp(reason: string): void {
    this.moves = [];
    for (const { vmid, reason: before } of this.in('waiting', 'retrying')) this.#change(vmid, { state: 'failed', reason: before === '' ? reason : `${before}; ${reason}` });
  }

  /** An operator's word, until the guest has failed there. */
  #wished(vmid: Vmid): NodeName | null {
    const wished = this.#retargets.get(vmid);
    return wished === undefined || this.guest(vmid)?.avoid.includes(wished) === true ? null : wished;
  }

  #heedTrouble(vmid: Vmid): void {
    const guest = this.guest(vmid);
    const isTrouble = guest?.state === 'failed' || guest?.unhealthy !== undefined;
    if (!isTrouble || this.stop !== null) return;
    const troubled = this.guests.filter(({ state, unhealthy }) => state === 'failed' || unhealthy !== undefined).length;
    if (guest?.canary === true) this.stop = 'canary';
    else if (troubled > this.failureBudget) this.stop = 'budget';
  }

  #expect(move: PlannedMove, isCanary: boolean): void {
    const { vmid, kind, name, from, to, mode, parking, forecast, applications, targetStorage } = move;
    const before = this.guest(vmid);
    this.#guests.set(vmid, {
      vmid, kind, name, state: 'waiting', from, to, mode, parking, forecast, applications, ...(targetStorage === undefined ? {} : { targetStorage }),
      canary: isCanary || before?.canary === true, attempts: before?.attempts ?? 0, avoid: before?.avoid ?? [],
      startedAtMs: before?.startedAtMs ?? null, endedAtMs: null, downtimeMs: null, bytes: null, reason: before?.reason ?? move.reason,
    });
  }

  #stay({ vmid, kind, name, sentence, remedy }: StayingGuest, from: NodeName): void {
    const before = this.guest(vmid);
    this.#guests.set(vmid, {
      vmid, kind, name, state: 'stays', from, to: null, mode: null, parking: false, forecast: null, applications: [], canary: before?.canary === true,
      attempts: before?.attempts ?? 0, avoid: before?.avoid ?? [], startedAtMs: before?.startedAtMs ?? null, endedAtMs: before?.endedAtMs ?? null, downtimeMs: null, bytes: null,
      reason: before?.state === 'retrying' && before.reason !== '' ? `${sentence}; before: ${before.reason}` : sentence, remedy,
    });
  }

  #change(vmid: Vmid, change: Partial<EvacuatedGuest>): void {
    const guest = this.#guests.get(vmid);
    if (guest !== undefined) this.#guests.set(vmid, { ...guest, ...change });
  }
}

const figuresOf = ({ to, downtimeMs, bytes }: MoveVerdict): Partial<EvacuatedGuest> => ({
  ...(to === undefined ? {} : { to }), ...(downtimeMs === undefined ? {} : { downtimeMs }), ...(bytes === undefined ? {} : { bytes }),
});
