import type { GuestState } from '../contracts/evacuation-progress.js';
import type { MigrationReport } from '../contracts/report.js';
import { ERROR_CODES, type ErrorCode } from '../errors.js';
import type { NodeName } from '../ids.js';

/** How a guest's migration ended, whoever watched it. */
export interface MoveEnding {
  /** null: it left none. */
  readonly report: MigrationReport | null;
  readonly code: ErrorCode;
  readonly sentence: string;
}

export interface MoveContext {
  readonly target: NodeName;
  /** This one included. */
  readonly attempts: number;
  /** The evacuation called it off itself. */
  readonly calledOff: boolean;
  /** It was started by somebody else. */
  readonly foreign: boolean;
}

/** What becomes of the guest, and of the plan. */
export interface MoveVerdict {
  readonly state: Extract<GuestState, 'moved' | 'retrying' | 'failed' | 'skipped' | 'gone'>;
  readonly reason: string;
  /** The plan was made for a cluster that is not so any more. */
  readonly stale: boolean;
  /** Not there again. */
  readonly avoid?: NodeName;
  /** The attempt does not count. */
  readonly innocent?: boolean;
  readonly to?: NodeName;
  readonly downtimeMs?: number | null;
  readonly bytes?: number | null;
  readonly unhealthy?: string;
}

/** Tries per guest, wherever they led. */
export const MOST_ATTEMPTS = 3;

/** Codes that say something of the target: another one may do. */
const OF_THE_TARGET: readonly ErrorCode[] = ['NodeUnreachable', 'PrerequisitesNotMet', 'StorageUnavailable'];

/** A failed migration leaves its guest where it was: it is tried again, elsewhere where the target was in the way, until its tries are used up. */
export function judgeMove({ report, code, sentence }: MoveEnding, { target, attempts, calledOff, foreign }: MoveContext): MoveVerdict {
  if (report?.outcome === 'migrated') return moved(report, foreign);
  const reason = firstLine(report?.reason ?? sentence);
  if (code === 'GuestNotFound') return { state: 'gone', reason, stale: false };
  if (calledOff) return { state: 'retrying', reason: 'called off before it was over', stale: false, innocent: true };
  if (foreign) return { state: 'retrying', reason: `a migration that was under way ended so: ${reason}`, stale: false, innocent: true };
  if (code === 'Cancelled') return { state: 'skipped', reason: `its migration was cancelled by hand: ${reason}`, stale: false };
  const advice = ERROR_CODES[code];
  const isOfTarget = OF_THE_TARGET.includes(code) || advice === 'elsewhere';
  if (code === 'InvalidInput' || attempts >= MOST_ATTEMPTS) return { state: 'failed', reason: `${reason} (try ${attempts})`, stale: isOfTarget };
  return { state: 'retrying', reason, stale: isOfTarget, ...(isOfTarget ? { avoid: target } : {}) };
}

function moved(report: MigrationReport, foreign: boolean): MoveVerdict {
  const { target, guestTrouble, bytes, blackout, downtime } = report;
  if (foreign) return { state: 'gone', reason: `moved to ${target} by another migration, requested by ${report.requestedBy}`, stale: true, to: target };
  return {
    state: 'moved', reason: '', stale: false, to: target, downtimeMs: blackout?.totalMs ?? downtime?.totalMs ?? null, bytes: bytes === null ? null : bytes.ram + bytes.disks,
    ...(guestTrouble === undefined ? {} : { unhealthy: guestTrouble }),
  };
}

/** Refusals have a line each: the report of the migration has them all. */
const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';
