import { messageOf } from '../../domain/errors.js';
import type { FenceResult } from '../../domain/contracts/fencing.js';
import { run } from '../exec.js';

const LONGEST_OUTPUT = 300;

/** Runs a fence command to its end, or ends it, with everything it started, after the timeout. Never rejects. */
export async function runFence(command: readonly string[], timeoutSeconds: number): Promise<FenceResult> {
  const [program = '', ...args] = command;
  const shown = command.join(' ');
  try {
    const { exitCode, stdout, stderr, timedOut } = await run(program, args, { timeoutMs: timeoutSeconds * 1000, ownGroup: true });
    const words = (stderr.trim() || stdout.trim()).slice(-LONGEST_OUTPUT);
    const said = words === '' ? '' : `: ${words}`;
    if (timedOut) return { done: false, sentence: `\`${shown}\` did not end within ${timeoutSeconds} s${said}` };
    return { done: exitCode === 0, sentence: `\`${shown}\` ended with ${exitCode === null ? 'a signal' : `exit code ${exitCode}`}${said}` };
  } catch (error) {
    return { done: false, sentence: `\`${shown}\` could not be started: ${messageOf(error)}` };
  }
}
