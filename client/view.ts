import type { LiveFigures, MigrationProgress } from '../domain/contracts/progress.js';
import type { Phase } from '../domain/contracts/phase.js';

/** What is known about a running migration at one moment: the workflow's answer and the nodes' heartbeats in one. */
export interface ProgressView {
  readonly vmid: number | null;
  readonly source: string | null;
  readonly target: string | null;
  /** null: nobody could be asked yet. */
  readonly phase: Phase | null;
  readonly detail: string;
  readonly round: number;
  /** What need not be sent any more; memory the guest rewrites counts again. */
  readonly doneBytes: number;
  /** 0: not known in this phase. */
  readonly totalBytes: number;
  readonly remainingBytes: number;
  readonly rateBytesPerSecond: number;
  readonly dirtyBytesPerSecond: number;
  readonly etaSeconds: number | null;
  readonly downtimeLimitMs: number | null;
  readonly expectedDowntimeMs: number | null;
  readonly cpuThrottlePercent: number;
  /** The last decision of the convergence policy, in its own words. */
  readonly decision: string | null;
  /** What the migration stands still for: a node, a person, a worker. */
  readonly waitingFor: string | null;
}

/** One pending activity as the server describes it. */
export interface PendingStep {
  readonly name: string;
  readonly attempt: number;
  /** How long no worker has taken it, ms; 0 once one has. */
  readonly untakenMs: number;
  /** How long the worker that took it has not been heard of, ms. */
  readonly silentMs: number;
  /** Whose step it is; null: any worker's. */
  readonly node: string | null;
  readonly lastFailure: string | null;
  /** What the node itself says is in the way. */
  readonly note: string | null;
  readonly figures: LiveFigures | null;
}

/** A step nobody has taken after this long is worth a word: its worker is away. */
const UNTAKEN_AFTER_MS = 3000;
/** Heartbeats come once a second. */
const SILENT_AFTER_MS = 3500;

/**
 * Puts the sources together. Heartbeats are newer than the workflow's last sample as long as they are of its phase;
 * a phase the workflow has left must not come back on the screen.
 */
export function combineView(progress: MigrationProgress | null, steps: readonly PendingStep[]): ProgressView {
  const live = newestFigures(progress, steps);
  const sample = progress?.phase === 'precopy' || progress?.phase === 'switchover' ? progress.lastSample : null;
  const totalBytes = live?.totalBytes ?? sample?.totalBytes ?? 0;
  const remainingBytes = live?.remainingBytes ?? sample?.remainingBytes ?? 0;
  return {
    vmid: progress?.vmid ?? null,
    source: progress?.source ?? null,
    target: progress?.target ?? null,
    phase: progress?.phase ?? live?.phase ?? null,
    detail: progress?.detail ?? '',
    round: live?.round ?? sample?.round ?? 0,
    doneBytes: Math.max(0, totalBytes - remainingBytes),
    totalBytes,
    remainingBytes,
    rateBytesPerSecond: live?.rateBytesPerSecond ?? sample?.bandwidthBytesPerSecond ?? 0,
    dirtyBytesPerSecond: live?.dirtyBytesPerSecond ?? sample?.dirtyBytesPerSecond ?? 0,
    etaSeconds: live?.etaSeconds ?? null,
    downtimeLimitMs: sample?.downtimeLimitMs ?? null,
    expectedDowntimeMs: sample?.expectedDowntimeMs ?? null,
    cpuThrottlePercent: sample?.cpuThrottlePercent ?? 0,
    decision: progress?.lastStep?.reason ?? null,
    waitingFor: progress?.waitingFor ?? waitingStep(steps),
  };
}

/** How much of the current phase is done, 0…1; null where nothing is counted. */
export function fractionOf(view: ProgressView): number | null {
  if (view.totalBytes <= 0) return null;
  return view.doneBytes / view.totalBytes;
}

/** Heartbeat details as they come off the wire: anything at all until it has been looked at. */
export function asLiveFigures(details: unknown): LiveFigures | null {
  if (typeof details !== 'object' || details === null) return null;
  const candidate = details as Partial<Record<keyof LiveFigures, unknown>>;
  const numbers = ['doneBytes', 'totalBytes', 'remainingBytes', 'rateBytesPerSecond', 'dirtyBytesPerSecond', 'round'] as const;
  if (typeof candidate.phase !== 'string' || !numbers.every((key) => typeof candidate[key] === 'number')) return null;
  return details as LiveFigures;
}

/** What a node says is in the way, out of heartbeat details. */
export function asNote(details: unknown): string | null {
  const note = typeof details === 'object' && details !== null ? (details as { readonly note?: unknown }).note : null;
  return typeof note === 'string' ? note : null;
}

function newestFigures(progress: MigrationProgress | null, steps: readonly PendingStep[]): LiveFigures | null {
  const figures = steps.flatMap((step) => (step.figures === null ? [] : [step.figures]));
  if (progress === null) return figures[0] ?? null;
  return figures.find((one) => one.phase === progress.phase) ?? null;
}

function waitingStep(steps: readonly PendingStep[]): string | null {
  const silent = steps.find((step) => step.silentMs > SILENT_AFTER_MS);
  if (silent !== undefined) return `${silent.node ?? 'a worker'} to answer ${silent.name}: silent for ${seconds(silent.silentMs)} s`;
  const failing = steps.find((step) => step.attempt > 1 && step.lastFailure !== null);
  if (failing !== undefined) return `${failing.name}, attempt ${failing.attempt}: ${failing.lastFailure ?? ''}`;
  const untaken = steps.find((step) => step.untakenMs > UNTAKEN_AFTER_MS);
  if (untaken !== undefined) return `${untaken.node === null ? 'a node agent' : `the agent of ${untaken.node}`} to take ${untaken.name}: nobody for ${seconds(untaken.untakenMs)} s`;
  const note = steps.find((step) => step.note !== null)?.note ?? null;
  return note === null ? null : `the stream to go on: ${note}`;
}

const seconds = (ms: number): number => Math.floor(ms / 1000);
