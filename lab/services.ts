import { closeSync, existsSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { NodeName } from '../domain/ids.js';
import { EXIT, LabError } from './errors.js';
import { failpointDir } from './failpoints.js';
import { type Layout, nodeDir } from './layout.js';
import { execInNode } from './node.js';
import { baseEnvironment, setPaused } from './node-files.js';
import { startRecorded } from './processes.js';
import { run, until } from './run.js';
import type { LabState } from './state.js';

/** `stop`: TERM, and not started again; `kill`: SIGKILL, the supervisor starts it again at once. */
export type ServiceAction = 'start' | 'stop' | 'kill';
export type ServiceStatus = 'running' | 'starting' | 'stopped';
const KINDLY_MS = 10_000;

export async function actOnAgent(layout: Layout, state: LabState, node: NodeName, action: ServiceAction): Promise<void> {
  const signal = (name: string, pid: number): Promise<unknown> => execInNode(layout, state, node, ['kill', `-${name}`, String(pid)]);
  // inside, because the pid is the node's own; also refuses a node that is off
  await execInNode(layout, state, node, ['true']);
  await act(`agent of ${node}`, agentDir(layout, node), action, signal);
}

export async function actOnControl(layout: Layout, action: ServiceAction): Promise<void> {
  await act('control worker', layout.controlDir, action, (name, pid) => run(['kill', `-${name}`, String(pid)]));
}

/** The control worker and its restart loop, on the machine itself. */
export async function startControl(layout: Layout, state: LabState): Promise<void> {
  if (!state.temporal) return;
  setPaused(layout.controlDir, !state.agents);
  await startRecorded(layout, 'control', {
    argv: ['bash', join(layout.home, 'lab/supervise.sh'), layout.controlDir, join(layout.home, 'dist/workers/control-worker.js')],
    env: { ...controlEnvironment(layout, state.temporal.address), FERRY_FAILPOINTS: failpointDir(layout, 'control') },
    logFile: join(layout.controlDir, 'supervisor.log'),
  });
}

export const controlEnvironment = (layout: Layout, temporalAddress: string): Record<string, string> => ({
  ...baseEnvironment(layout),
  FERRY_CONFIG: join(layout.controlDir, 'ferry.json'),
  TEMPORAL_ADDRESS: temporalAddress,
});

export const agentDir = (layout: Layout, node: NodeName): string => join(nodeDir(layout, node), 'agent');

export function serviceStatus(dir: string): ServiceStatus {
  if (pidOf(dir) !== null) return 'running';
  return existsSync(join(dir, 'stop')) ? 'stopped' : 'starting';
}

async function act(what: string, dir: string, action: ServiceAction, signal: (name: string, pid: number) => Promise<unknown>): Promise<void> {
  const pid = pidOf(dir);
  switch (action) {
    case 'start':
      setPaused(dir, false);
      wake(dir);
      return until(`${what} to start`, KINDLY_MS, () => pidOf(dir) !== null);
    case 'kill':
      if (pid === null) throw new LabError(`kill failed: ${what} is not running`, EXIT.notThere);
      await signal('KILL', pid);
      return until(`${what} to end`, KINDLY_MS, () => pidOf(dir) !== pid);
    case 'stop': {
      setPaused(dir, true);
      if (pid === null) return;
      await signal('TERM', pid);
      const ended = (): boolean => pidOf(dir) === null;
      await until(`${what} to end`, KINDLY_MS, ended).catch(() => signal('KILL', pid));
      return until(`${what} to end`, KINDLY_MS, ended);
    }
  }
}

function pidOf(dir: string): number | null {
  try {
    return Number(readFileSync(join(dir, 'pid'), 'utf8')) || null;
  } catch {
    return null;
  }
}

/** Opened for both ways, so that it does not wait for a supervisor that is not there. */
function wake(dir: string): void {
  if (!existsSync(join(dir, 'wake'))) return;
  const fifo = openSync(join(dir, 'wake'), 'r+');
  writeSync(fifo, '\n');
  closeSync(fifo);
}
