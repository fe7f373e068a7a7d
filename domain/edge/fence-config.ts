import { z } from 'zod';
import { messageOf } from '../errors.js';
import type { NodeName } from '../ids.js';
import { splitWords } from '../split-words.js';
import { nodeName, wholeNumber } from './fields.js';

/** How one node is powered off; its success stands for an operator's word. */
export interface FenceConfig {
  /** Program and arguments; `{node}` in any of them stands for the node's name. No shell. */
  readonly command: readonly string[];
  readonly timeoutSeconds: number;
  /** How long the node has to be silent, while the migration can't go on without it. */
  readonly afterSeconds: number;
}

/** Any node that has no entry of its own. */
export const EVERY_NODE = '*';

/** The command for one node, complete; null: it is never fenced by ferry. */
export function fenceFor(fence: Readonly<Record<string, FenceConfig>>, node: NodeName): FenceConfig | null {
  const found = Object.hasOwn(fence, node) ? fence[node] : fence[EVERY_NODE];
  return found === undefined ? null : { ...found, command: found.command.map((word) => word.replaceAll('{node}', node)) };
}

const COMMAND = 'expected a command: an array of strings, or one string that is split at spaces';

/** Program and arguments, no shell. */
export const command = z.union([z.array(z.string()), z.string()], { error: COMMAND })
  .transform((raw, context): readonly string[] => {
    try {
      const words = typeof raw === 'string' ? splitWords(raw) : raw;
      if ((words[0] ?? '') !== '') return words;
      context.addIssue({ code: 'custom', message: COMMAND });
    } catch (error) {
      context.addIssue({ code: 'custom', message: `${COMMAND} (${messageOf(error)})` });
    }
    return z.NEVER;
  });

/** The activity that runs it has ten minutes. */
const MOST_SECONDS = 540;

export const fenceSchema = z.record(
  z.union([z.literal(EVERY_NODE), nodeName]),
  z.strictObject({
    command,
    timeoutSeconds: wholeNumber(1, MOST_SECONDS).default(60),
    afterSeconds: wholeNumber(0, 86_400).default(120),
  }, { error: 'expected an object' }),
  { error: 'expected an object with a node name, or `*`, for each command' },
);

export const FENCE_KEYS = ['command', 'timeoutSeconds', 'afterSeconds'] as const;
