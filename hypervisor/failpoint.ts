import { appendFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { armedFailpoint, FIRED_FILE, heldFile, type ArmedFailpoint, type FiredFailpoint } from '../domain/edge/armed-failpoint.js';
import { MigrationError } from '../domain/errors.js';
import type { FailpointName } from '../domain/failpoints.js';

const HELD_POLL_MS = 20;
let directory: string | null = null;

/** Called once by a daemon: what is armed in this directory fires from now on. Without one, nothing ever does. */
export function honourFailpoints(dir: string | undefined): void {
  directory = dir === undefined || dir === '' ? null : dir;
}

/** Where a test may stop this process (`domain/failpoints.ts`). In production it does nothing at all. */
export function failpoint(name: FailpointName): Promise<void> | undefined {
  return directory === null || !existsSync(join(directory, name)) ? undefined : fire(directory, name);
}

/** Sync until it is marked as fired: two who come by at once must not both take the last shot. */
function fire(dir: string, name: FailpointName): Promise<void> {
  const file = join(dir, name);
  const armed = armedFailpoint.parse(JSON.parse(readFileSync(file, 'utf8')));
  if (armed.action === 'hang') writeFileSync(join(dir, heldFile(name)), '');
  if (armed.times > 1) rearm(file, { ...armed, times: armed.times - 1 });
  else rmSync(file);
  const mark: FiredFailpoint = { name, action: armed.action, pid: process.pid, at: new Date().toISOString() };
  appendFileSync(join(dir, FIRED_FILE), `${JSON.stringify(mark)}\n`);
  return act(dir, name, armed);
}

async function act(dir: string, name: FailpointName, { action, ms }: ArmedFailpoint): Promise<void> {
  switch (action) {
    case 'kill':
      process.kill(process.pid, 'SIGKILL');
      return;
    case 'error':
      throw new MigrationError('Internal', `go on failed: failpoint ${name}: it was told to fail`);
    case 'hang':
      while (existsSync(join(dir, heldFile(name)))) await sleep(HELD_POLL_MS);
      return;
    case 'delay':
      return sleep(ms);
  }
}

function rearm(file: string, armed: ArmedFailpoint): void {
  writeFileSync(`${file}.new`, JSON.stringify(armed));
  renameSync(`${file}.new`, file);
}
