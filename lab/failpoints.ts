import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { armedFailpoint, FIRED_FILE, firedFailpoint, heldFile, isFailpoint, type ArmedFailpoint, type FiredFailpoint } from '../domain/edge/armed-failpoint.js';
import { ALL_FAILPOINTS, type FailpointAction, type FailpointName } from '../domain/failpoints.js';
import type { NodeName } from '../domain/ids.js';
import { EXIT, LabError } from './errors.js';
import { type Layout, nodeDir } from './layout.js';
import { until } from './run.js';

export interface ArmOptions {
  /** For `delay`. */
  readonly ms?: number;
  /** How often it fires; default once. */
  readonly times?: number;
}

/** Where one process of the lab, an agent or the control worker, may be made to stop. */
export interface Failpoints {
  /** Fires when the process next comes by. Throws `LabError` when it never does. */
  arm(name: FailpointName, action: FailpointAction, options?: ArmOptions): void;
  /** What is armed and has not fired yet. */
  armed(): readonly ({ readonly name: FailpointName } & ArmedFailpoint)[];
  /** What has fired since the last `clear`, oldest first. */
  fired(): readonly FiredFailpoint[];
  isHeld(name: FailpointName): boolean;
  /** Resolves when it has fired. */
  untilFired(name: FailpointName, withinMs: number): Promise<void>;
  /** Lets go on who hangs there; nothing fires there any more. */
  release(name: FailpointName): void;
  /** Disarms all, lets go on who hangs, forgets what has fired. */
  clear(): void;
}

export const failpointDir = (layout: Layout, where: NodeName | 'control'): string =>
  join(where === 'control' ? layout.controlDir : join(nodeDir(layout, where), 'agent'), 'failpoints');

export function openFailpoints(layout: Layout, where: NodeName | 'control'): Failpoints {
  const dir = failpointDir(layout, where);
  const fired = (): readonly FiredFailpoint[] =>
    textOf(join(dir, FIRED_FILE)).split('\n').filter(Boolean).map((line) => firedFailpoint.parse(JSON.parse(line)));
  return {
    arm(name, action, { ms = 0, times = 1 } = {}) {
      requirePassedBy(name, where);
      mkdirSync(dir, { recursive: true });
      const armed: ArmedFailpoint = { action, ms, times };
      // Written aside first: whoever comes by sees all of it or nothing.
      writeFileSync(join(dir, `${name}.new`), JSON.stringify(armed));
      renameSync(join(dir, `${name}.new`), join(dir, name));
    },
    armed: () => (existsSync(dir) ? readdirSync(dir).filter(isFailpoint) : [])
      .map((name) => ({ name, ...armedFailpoint.parse(JSON.parse(textOf(join(dir, name)))) })),
    fired,
    isHeld: (name) => existsSync(join(dir, heldFile(name))),
    untilFired: (name, withinMs) => until(`${name} to fire on ${where}`, withinMs, () => fired().some((mark) => mark.name === name)),
    release(name) {
      for (const file of [name, heldFile(name)]) rmSync(join(dir, file), { force: true });
    },
    clear: () => rmSync(dir, { recursive: true, force: true }),
  };
}

function requirePassedBy(name: FailpointName, where: NodeName | 'control'): void {
  const process = ALL_FAILPOINTS.find((known) => known.name === name)?.where;
  if ((process === 'control worker') === (where === 'control')) return;
  throw new LabError(`${name} is passed by the ${process}, so not by ${where}`, EXIT.usage);
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
