import { z } from 'zod';
import { FAILPOINT_ACTIONS, ALL_FAILPOINTS, type FailpointName } from '../failpoints.js';

/** One armed failpoint: the file `<directory>/<name>`, JSON. */
export const armedFailpoint = z.strictObject({
  /** `kill`: SIGKILL, `error`: throws, `hang`: waits until its `.held` file is gone, `delay`: goes on after `ms`. */
  action: z.enum(FAILPOINT_ACTIONS),
  ms: z.number().int().nonnegative(),
  /** How often it still fires. */
  times: z.number().int().positive(),
});
export type ArmedFailpoint = Readonly<z.infer<typeof armedFailpoint>>;

/** One line of the file `<directory>/fired`, JSON: what a test waits for. */
export const firedFailpoint = z.strictObject({
  name: z.string(),
  action: z.enum(FAILPOINT_ACTIONS),
  pid: z.number(),
  at: z.string(),
});
export type FiredFailpoint = Readonly<z.infer<typeof firedFailpoint>>;

export const FIRED_FILE = 'fired';
/** There while somebody hangs at that failpoint. */
export const heldFile = (name: FailpointName): string => `${name}.held`;

export const isFailpoint = (name: string): name is FailpointName => ALL_FAILPOINTS.some((known) => known.name === name);
