import type { MigrationReport } from '../../domain/contracts/report.js';
import type { ClientErrorKind } from '../errors.js';
import type { Watched } from '../api/watch.js';

/** What `ferry` ends with; part of its interface (documented in `ferry --help`). */
export const EXIT = {
  ok: 0,
  rolledBack: 1,
  /** `ferry reconcile`: not everything is in order. */
  leftover: 1,
  refused: 2,
  cancelled: 3,
  unreachable: 4,
  notFound: 5,
  usage: 64,
  internal: 70,
  detached: 130,
} as const;

export const EXIT_CODES_HELP = `
Exit codes: 0 migrated (or done)   1 rolled back   2 refused, nothing was changed   3 cancelled   4 Temporal can't be reached
            5 no such migration   64 bad usage or input   70 ended without a report, or the guest needs help   130 detached, the migration goes on`;

const BY_OUTCOME: Readonly<Record<MigrationReport['outcome'], number>> = {
  migrated: EXIT.ok,
  'rolled-back': EXIT.rolledBack,
  refused: EXIT.refused,
  cancelled: EXIT.cancelled,
};

const BY_FAILURE: Readonly<Record<string, number>> = {
  InvalidInput: EXIT.usage,
  GuestNotFound: EXIT.refused,
  NothingLeft: EXIT.ok,
  GuestLocked: EXIT.refused,
  GuestNotRunning: EXIT.refused,
  PrerequisitesNotMet: EXIT.refused,
  Cancelled: EXIT.cancelled,
};

const BY_ERROR: Readonly<Record<ClientErrorKind, number>> = {
  unreachable: EXIT.unreachable,
  'already-running': EXIT.refused,
  'not-found': EXIT.notFound,
  'no-answer': EXIT.internal,
  refused: EXIT.refused,
  usage: EXIT.usage,
};

export function exitCodeOf(watched: Watched): number {
  switch (watched.kind) {
    case 'detached':
      return EXIT.detached;
    case 'report':
      return watched.report.outcome === 'migrated' && watched.report.guestTrouble !== undefined ? EXIT.internal : BY_OUTCOME[watched.report.outcome];
    case 'no-report':
      return BY_FAILURE[watched.code] ?? EXIT.internal;
  }
}

export const exitCodeOfError = (kind: ClientErrorKind): number => BY_ERROR[kind];
