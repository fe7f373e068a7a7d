/** Every time span of the workflows, in milliseconds, and how long a history may become. Plain numbers, so that they are type-checked. */
export interface Timings {
  /** A node activity that is silent for so long is lost; its retry adopts what it left. */
  readonly heartbeatMs: number;
  /** No agent took the task: the node is away. */
  readonly scheduleToStartMs: number;
  /** The part of it after which it is told of. */
  readonly untakenNoticeMs: number;
  /** The same while an undo or a repair waits for a node: one long wait costs less history than many short ones. */
  readonly patientScheduleToStartMs: number;
  /** For an answer that proves a node alive, the queueing included. */
  readonly probeMs: number;
  /** Longer than any fence command may take. */
  readonly fenceMs: number;
  readonly clusterStepMs: number;
  readonly nodeStepMs: number;
  readonly observerMs: number;
  /** From asking for the result of the switch to having it, retries included. A longer silence is settled by evidence. */
  readonly switchoverMs: number;
  readonly retryInitialMs: number;
  readonly retryMaximumMs: number;
  readonly observerRetryMs: number;
  /** Pause between two tries of something that has to succeed in the end; doubles up to the maximum. */
  readonly persistInitialMs: number;
  readonly persistMaximumMs: number;
  /** The longest pause when the return of a node ends it anyway. */
  readonly awaitedPauseMs: number;
  /** Waiting longer than this sets `NeedsOperator`. */
  readonly needsOperatorMs: number;
  /** The solver has less than this. */
  readonly planMs: number;
  /** So long it may keep its whole process busy. */
  readonly planSilenceMs: number;
  /** Pause before guests that failed are planned again; longer with each plan. */
  readonly replanPauseMs: number;
  /** How often an evacuation looks after migrations that take longer than this. */
  readonly stuckLookMs: number;
  /** Between two questions whether a node that was emptied has become clean. */
  readonly provePauseMs: number;
  /** How long a moved guest may take until its service answers. */
  readonly healthMs: number;
  /** Longer than any maintenance command may take. */
  readonly hookMs: number;
  /** Between two questions whether a node is back from its maintenance. */
  readonly returnPauseMs: number;
  /** An evacuation continues as new here, when the server has not suggested it before. */
  readonly evacuationHistoryEvents: number;
  /** A ledger's answer is waited for so long, then asked for once more, for four times as long; then it is done without. */
  readonly slotAnswerMs: number;
  /** While it waits for slots, it asks for its place; the pause doubles up to the maximum. */
  readonly slotAskAgainMs: number;
  readonly slotAskAgainMaximumMs: number;
  /** After a longer wait what was found out before is found out again. */
  readonly factsFreshMs: number;
  /** A migration that is still being undone after this gives its slots back: nothing flows any more. */
  readonly slotUndoMs: number;
  /** A migration that is still cleaning up after this gives its slots back before it has ended. */
  readonly slotReleaseMs: number;
  /** A ledger looks for holders whose run is closed: while somebody waits, and while nobody does. */
  readonly ledgerCheckMs: number;
  readonly ledgerIdleCheckMs: number;
  /** An unused ledger stays open so long: the next migration finds it warm. */
  readonly ledgerLingerMs: number;
  /** The ledgers continue as new here. */
  readonly ledgerHistoryEvents: number;
  /** Copying memory gives up here: Temporal ends a workflow with more than 51 200 events, and the way back takes some too. */
  readonly maximumHistoryEvents: number;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

const production: Timings = {
  heartbeatMs: 5 * second,
  scheduleToStartMs: 15 * second,
  untakenNoticeMs: 7 * second,
  patientScheduleToStartMs: hour,
  probeMs: 5 * second,
  fenceMs: 10 * minute,
  clusterStepMs: 30 * second,
  nodeStepMs: 10 * minute,
  observerMs: 24 * hour,
  switchoverMs: 20 * second,
  retryInitialMs: second,
  retryMaximumMs: 10 * second,
  observerRetryMs: second,
  persistInitialMs: second,
  persistMaximumMs: 5 * minute,
  awaitedPauseMs: 30 * minute,
  needsOperatorMs: 2 * minute,
  planMs: 5 * minute,
  planSilenceMs: minute,
  replanPauseMs: 30 * second,
  stuckLookMs: 3 * minute,
  provePauseMs: 3 * second,
  healthMs: 5 * minute,
  hookMs: 2 * hour,
  returnPauseMs: 15 * second,
  evacuationHistoryEvents: 8_000,
  slotAnswerMs: 5 * second,
  slotAskAgainMs: 30 * second,
  slotAskAgainMaximumMs: 5 * minute,
  factsFreshMs: 10 * second,
  slotUndoMs: 2 * minute,
  slotReleaseMs: second,
  ledgerCheckMs: 15 * second,
  ledgerIdleCheckMs: minute,
  ledgerLingerMs: minute,
  ledgerHistoryEvents: 3500,
  maximumHistoryEvents: 40_000,
};

let inForce = production;

export const timings = (): Timings => inForce;

/** For a workflow bundle of its own with other spans (tests): call it at the top of the bundle's entry file. */
export function useTimings(other: Partial<Timings>): void {
  inForce = { ...production, ...other };
}
