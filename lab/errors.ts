/** Exit codes of every `ferry-lab` command; `exec` and `vm start|stop` pass on the code of what they ran. */
export const EXIT = {
  ok: 0,
  failed: 1,
  /** Bad arguments. */
  usage: 2,
  /** The machine lacks something: root, a program, a package. */
  missing: 3,
  /** No such lab, node or guest, or it is not in the state the command needs. */
  notThere: 4,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A lab command that could not be done; `message` is for people, `exitCode` for scripts. */
export class LabError extends Error {
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = EXIT.failed) {
    super(message);
    this.name = 'LabError';
    this.exitCode = exitCode;
  }
}
