import { z } from 'zod';
import { command } from './fence-config.js';
import { text, wholeNumber } from './fields.js';

/** A maintenance command of a node, run when the node is empty. */
export interface HookConfig {
  /** Program and arguments. No shell. */
  readonly command: readonly string[];
  readonly timeoutSeconds: number;
}

/** The activity that runs it has two hours. */
const MOST_SECONDS = 7000;

export const hooksSchema = z.record(
  text('a name of small letters, digits, - and _', /^[a-z0-9][a-z0-9_-]*$/i, 64),
  z.strictObject({ command, timeoutSeconds: wholeNumber(1, MOST_SECONDS).default(1800) }, { error: 'expected an object' }),
  { error: 'expected an object with a name for each command' },
);
