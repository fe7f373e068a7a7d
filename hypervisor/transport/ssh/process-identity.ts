import { readFileSync } from 'node:fs';
import { startTimeOf, type ProcessIdentity } from '../../process.js';

/** Whether exactly this process lives, with all of these words in its command line. */
export function isAlive({ pid, startTime }: ProcessIdentity, words: readonly string[]): boolean {
  if (startTimeOf(pid) !== startTime) return false;
  const argv = commandLineOf(pid);
  return words.every((word) => argv.includes(word));
}

function commandLineOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
