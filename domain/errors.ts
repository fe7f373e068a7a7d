/**
 * What can go wrong, by name. The code becomes the Temporal failure type, the sentence its message.
 * `retry` says who can help: nobody (`never`), time (`later`), another node (`elsewhere`), a person (`operator`).
 */
export const ERROR_CODES = {
  InvalidInput: 'never',
  PrerequisitesNotMet: 'never',
  GuestNotFound: 'never',
  GuestLocked: 'later',
  GuestNotRunning: 'never',
  GuestUnhealthy: 'operator',
  NodeUnreachable: 'later',
  StaleEpoch: 'never',
  StorageUnavailable: 'later',
  /** A copy is not what its source is: another pass repairs it. */
  VolumeDiffers: 'later',
  InsufficientCapacity: 'elsewhere',
  TargetStartFailed: 'elsewhere',
  TransportFailed: 'later',
  MirrorFailed: 'later',
  MigrationFailed: 'later',
  NotConverging: 'later',
  SwitchoverRefused: 'later',
  SwitchoverFailed: 'operator',
  GuestNotStopped: 'later',
  GuestReturned: 'elsewhere',
  OwnershipUnknown: 'operator',
  QmpError: 'later',
  ClusterReadOnly: 'later',
  NodeCordoned: 'never',
  /** Something stays on a node that was to be emptied. */
  NodeNotEmpty: 'operator',
  HookFailed: 'operator',
  Cancelled: 'never',
  Internal: 'operator',
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
export type RetryAdvice = (typeof ERROR_CODES)[ErrorCode];

/** One failure with everything an operator needs: *verb failed: object: cause*, then what to do. */
export class MigrationError extends Error {
  readonly code: ErrorCode;
  readonly facts: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, facts: Readonly<Record<string, unknown>> = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'MigrationError';
    this.code = code;
    this.facts = facts;
  }

  get retry(): RetryAdvice {
    return ERROR_CODES[this.code];
  }
}

/** The text of anything thrown, without a stack. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

export function assertNever(value: never): never {
  throw new Error(`unexpected value ${JSON.stringify(value)}`);
}
