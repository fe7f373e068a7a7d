/** Why a start failed, and whether what the last run of the container left behind was the cause. */
export interface StartFailure {
  readonly cause: string;
  /** Another attempt, a moment later, finds its place free. */
  readonly isLeftover: boolean;
}

/**
 * The cause in LXC's words, from the log of this start; what the program itself said counts where it never came to write one.
 * The first error is the cause, the others are the stages it went through on its way up.
 */
export function startFailure(log: string, stderr: string): StartFailure {
  const [first] = [...log.split('\n').flatMap(errorInLog), ...stderr.split('\n').flatMap(errorInOutput)];
  const { errno = null, message = 'LXC gives no reason' } = first ?? {};
  return {
    cause: errno === null || message.endsWith(errno) ? message : `${message}: ${errno}`,
    isLeftover: errno !== null && /^(?:File exists|Device or resource busy|Address already in use)$/.test(errno),
  };
}

interface LxcError {
  readonly message: string;
  /** strerror(3). */
  readonly errno: string | null;
}

/** `lxc-start 110 <time> ERROR    <category> - <file>:<function>:<line> - [<errno> - ]<message>`; LXC 5.0, log.c. */
function errorInLog(line: string): LxcError[] {
  const said = /^\S+ \S+ \S+ (?:ERROR|FATAL|ALERT|CRIT)\s+\S+ - \S+:\d+ - (.+)$/.exec(line)?.[1];
  return said === undefined ? [] : [takeApart(said)];
}

/** `lxc-start: 110: <file>: <function>: <line> [<errno> - ]<message>`, of which the last ones only say where to look. */
function errorInOutput(line: string): LxcError[] {
  const said = /^lxc-start: \S+: \S+: \w+: \d+ (.+)$/.exec(line)?.[1];
  return said === undefined || /^(?:Received container state|The container failed to start|To get more details|Additional information)/.test(said) ? [] : [takeApart(said)];
}

function takeApart(said: string): LxcError {
  const [, errno, message] = /^([A-Z][A-Za-z ,'/]*?) - (.+)$/.exec(said) ?? [];
  return errno === undefined || message === undefined ? { message: said, errno: null } : { message, errno };
}
