/** Every time span of the workflows, in milliseconds. Plain numbers, so that they are type-checked. */
export interface Timings {
  /** A node activity that is silent for so long is lost; its retry adopts what it left. */
  readonly heartbeatMs: number;
  /** No agent took the task: the node is away. */
  readonly scheduleToStartMs: number;
  /** The same while an undo or a repair waits for a node: one long wait costs less history than many short ones. */
  readonly patientScheduleToStartMs: number;
  readonly clusterStepMs: number;
  readonly nodeStepMs: number;
  readonly observerMs: number;
  readonly switchoverMs: number;
  readonly retryInitialMs: number;
  readonly retryMaximumMs: number;
  readonly observerRetryMs: number;
  /** Pause between two tries of something that has to succeed in the end; doubles up to the maximum. */
  readonly persistInitialMs: number;
  readonly persistMaximumMs: number;
  /** Waiting longer than this sets `NeedsOperator`. */
  readonly needsOperatorMs: number;
}

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

const production: Timings = {
  heartbeatMs: 5 * second,
  scheduleToStartMs: 15 * second,
  patientScheduleToStartMs: hour,
  clusterStepMs: 30 * second,
  nodeStepMs: 10 * minute,
  observerMs: 24 * hour,
  switchoverMs: 2 * minute,
  retryInitialMs: second,
  retryMaximumMs: 10 * second,
  observerRetryMs: second,
  persistInitialMs: second,
  persistMaximumMs: 2 * minute,
  needsOperatorMs: 2 * minute,
};

let inForce = production;

export const timings = (): Timings => inForce;

/** For a workflow bundle of its own with other spans (tests): call it at the top of the bundle's entry file. */
export function useTimings(other: Partial<Timings>): void {
  inForce = { ...production, ...other };
}
