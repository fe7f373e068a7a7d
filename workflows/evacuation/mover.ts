import { CancellationScope, ParentClosePolicy, allHandlersFinished, condition, getExternalWorkflowHandle, startChild, workflowInfo } from '@temporalio/workflow';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import type { EvacuatedGuest } from '../../domain/contracts/evacuation-progress.js';
import type { PlannedMove } from '../../domain/contracts/evacuation.js';
import { messageOf } from '../../domain/errors.js';
import { childRequest, isPartOf } from '../../domain/evacuation/child-request.js';
import { judgeMove, type MoveEnding, type MoveVerdict } from '../../domain/evacuation/judge-move.js';
import { migrationWorkflowId, type NodeName, type Vmid } from '../../domain/ids.js';
import { ATTRIBUTES } from '../attributes.js';
import { bandwidthSignal } from '../messages.js';
import { noteWritten } from '../history.js';
import { evacuationSteps, maintenanceSteps } from '../proxies.js';
import { AbsenteeRecord } from './absentee-record.js';
import { endingOfFailure, endingOfFollowed, endingOfResult } from './move-ending.js';
import type { EvacuationState } from './state.js';

interface Moving {
  readonly scope: CancellationScope;
  calledOff: boolean;
}

type Way = Pick<PlannedMove, 'vmid' | 'to' | 'mode'>;

/** The migrations of an evacuation: starts each as a child that outlives it, follows those that others began, and writes down what became of them. */
export class Mover {
  readonly #state: EvacuationState;
  readonly #moving = new Map<Vmid, Moving>();
  readonly #record: AbsenteeRecord;
  #starting = 0;

  constructor(state: EvacuationState) {
    this.#state = state;
    this.#record = new AbsenteeRecord(state);
  }

  start(move: PlannedMove): void {
    this.#state.book.begin(move, Date.now());
    this.#carryOut(move, () => this.#migrate(move));
    this.#state.changed();
  }

  /** Goes on with what an earlier run of this workflow has begun. */
  takeUp(guest: EvacuatedGuest): void {
    const { vmid, to, mode, runId } = guest;
    this.#carryOut({ vmid, to: to ?? this.#state.node, mode: mode ?? 'live' }, () => this.#follow(vmid, runId));
  }

  /** The cluster's record knows who has left, or come home. */
  async recorded(): Promise<void> {
    await this.#record.written();
    const { unwritten } = this.#record;
    if (unwritten.length > 0) this.#state.incident(`${unwritten.join(', ')}: not on record for coming home, so \`--return-home\` leaves them out: \`ferry migrate <vmid> ${this.#state.node}\``);
  }

  /** Nothing would be lost with this run: each child has begun and goes on, nobody is being answered, and who moved is on record. */
  async settled(): Promise<void> {
    const isIdle = (): boolean => this.#starting === 0 && allHandlersFinished();
    // What comes while one of them is waited for counts too.
    do {
      await condition(isIdle);
      await this.#record.written();
    } while (!isIdle() || !this.#record.isWritten);
  }

  async idle(): Promise<void> {
    await condition(() => this.#moving.size === 0);
  }

  /** Rolls back what runs; a guest that has passed its commit arrives all the same. */
  callOff(): void {
    for (const moving of this.#moving.values()) {
      moving.calledOff = true;
      moving.scope.cancel();
    }
  }

  async setBandwidth(bwlimitKiBps: number): Promise<void> {
    const told = [...this.#moving.keys()].map((vmid) => getExternalWorkflowHandle(migrationWorkflowId(vmid)).signal(bandwidthSignal, { bwlimitKiBps }));
    await Promise.allSettled(told);
  }

  #carryOut(way: Way, watch: () => Promise<Watched>): void {
    const moving: Moving = { scope: new CancellationScope(), calledOff: this.#state.book.stop === 'cancelled' };
    this.#moving.set(way.vmid, moving);
    const ended = moving.scope.run(watch).catch((error: unknown): Watched => ({ ending: endingOfFailure(error), foreign: false }));
    void ended.then((watched) => CancellationScope.nonCancellable(() => this.#conclude(way, moving, watched)));
  }

  async #migrate(move: PlannedMove): Promise<Watched> {
    const { vmid, to, name, from } = move;
    const { request, book } = this.#state;
    this.#starting += 1;
    noteWritten('child');
    try {
      const child = await startChild('migrateGuest', {
        workflowId: migrationWorkflowId(vmid),
        args: [childRequest(request, move, { bwlimitKiBps: book.bwlimitKiBps, workflowId: workflowInfo().workflowId })],
        parentClosePolicy: ParentClosePolicy.ABANDON,
        staticSummary: `guest ${vmid} ${name} ${from} → ${to}, by ${request.requestedBy}`.slice(0, LONGEST_SUMMARY),
        memo: { requestedBy: request.requestedBy },
        typedSearchAttributes: [{ key: ATTRIBUTES.guestId, value: String(vmid) }, { key: ATTRIBUTES.guestKind, value: move.kind }, { key: ATTRIBUTES.targetNode, value: to }],
      }).finally(() => {
        this.#starting -= 1;
      });
      book.follow(vmid, child.firstExecutionRunId);
      return { ending: endingOfResult(await child.result()), foreign: false };
    } catch (error) {
      if (error instanceof WorkflowExecutionAlreadyStartedError) return this.#followOther(vmid);
      throw error;
    }
  }

  /** It is being moved already, and that is waited for, and never called off from here: by somebody else, or by this evacuation before it was reset or ended by force. */
  async #followOther(vmid: Vmid): Promise<Watched> {
    this.#state.incident(`guest ${vmid} is being migrated already: that is waited for`);
    const end = await evacuationSteps(`guest ${vmid}`).followMigration({ vmid });
    const ending = endingOfFollowed(end);
    return { ending, foreign: !isPartOf(ending.report?.requestReason ?? null, workflowInfo().workflowId) };
  }

  async #follow(vmid: Vmid, runId: string | undefined): Promise<Watched> {
    const handle = getExternalWorkflowHandle(migrationWorkflowId(vmid), runId);
    CancellationScope.current().cancelRequested.catch(() => CancellationScope.nonCancellable(() => handle.cancel()).catch(() => undefined));
    const end = await CancellationScope.nonCancellable(() => evacuationSteps(`guest ${vmid}`).followMigration({ vmid, ...(runId === undefined ? {} : { runId }) }));
    return { ending: endingOfFollowed(end), foreign: false };
  }

  async #conclude({ vmid, to, mode }: Way, { calledOff, scope }: Moving, { ending, foreign }: Watched): Promise<void> {
    const { book } = this.#state;
    const attempts = book.guest(vmid)?.attempts ?? 1;
    let verdict = judgeMove(ending, { target: to, attempts, calledOff: calledOff || scope.consideredCancelled, foreign });
    if (verdict.state === 'moved') {
      this.#record.add(vmid, verdict.to ?? to);
      verdict = await this.#checked(vmid, verdict, mode);
    }
    book.settle(vmid, verdict, Date.now());
    if (verdict.stale) this.#state.stale = true;
    this.#moving.delete(vmid);
    this.#state.changed();
  }

  async #checked(vmid: Vmid, verdict: MoveVerdict, mode: Way['mode']): Promise<MoveVerdict> {
    const { request: { healthCheck }, book } = this.#state;
    if (healthCheck === undefined || mode === 'offline' || verdict.unhealthy !== undefined || verdict.to === undefined) return verdict;
    book.check(vmid, verdict);
    this.#state.changed();
    return health(verdict.to, vmid, healthCheck).then(() => verdict, (error: unknown) => ({ ...verdict, unhealthy: messageOf(error) }));
  }
}

/** Bytes of a summary the server takes are 400, a character at most four. */
const LONGEST_SUMMARY = 100;

interface Watched {
  readonly ending: MoveEnding;
  /** Somebody else's migration. */
  readonly foreign: boolean;
}

const health = (node: NodeName, vmid: Vmid, check: string): Promise<void> => maintenanceSteps(node, ` (guest ${vmid})`).checkGuestHealth({ vmid, check });
