import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, LabError } from './errors.js';
import { freePort, isFree } from './free-port.js';
import type { Layout } from './layout.js';
import { baseEnvironment } from './node-files.js';
import { runningPid, startRecorded, stopRecorded } from './processes.js';
import { run, until } from './run.js';
import type { LabState } from './state.js';

/** Where workflows are found again: one attribute for each question an operator asks of the list. */
export const SEARCH_ATTRIBUTES = [
  'GuestId=Keyword', 'SourceNode=Keyword', 'TargetNode=Keyword', 'MigrationPhase=Keyword', 'GuestKind=Keyword', 'Batch=Keyword',
  'NeedsOperator=Bool',
] as const;
const RECORD = 'temporal';
const START_TRIES = 3;
const LAST_LINES = 3;
export type TemporalState = NonNullable<LabState['temporal']>;

/** The server named by TEMPORAL_ADDRESS, or one of our own with its database in the lab. Resolves when it serves. */
export async function startTemporal(layout: Layout, env: NodeJS.ProcessEnv = process.env): Promise<TemporalState> {
  const given = env['TEMPORAL_ADDRESS'];
  if (given) return { address: given, uiAddress: null, own: false };
  return severalTimes(async (attempt) => {
    // Its usual ports are for the project's own lab. A lab beside it would be mistaken for one whose server is down just now.
    const usual = attempt === 1 && layout.dir === join(layout.home, 'var/lab') && (await isFree(7233)) && (await isFree(8233));
    const ports = usual ? [7233, 8233] : [await freePort(), await freePort()];
    const temporal = { address: `127.0.0.1:${ports[0]}`, uiAddress: `127.0.0.1:${ports[1]}`, own: true };
    await serve(layout, temporal);
    return temporal;
  });
}

/** Starts our own server again on the same ports and database. */
export async function restartTemporal(layout: Layout, temporal: TemporalState): Promise<void> {
  requireOwn(temporal);
  if (runningPid(layout, RECORD) === null) await severalTimes(() => serve(layout, temporal));
}

/** Somebody may take a port between our look, or the server's own for its inner parts, and the moment it listens there. */
async function severalTimes<T>(start: (attempt: number) => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await start(attempt);
    } catch (error) {
      if (attempt === START_TRIES) throw error;
    }
  }
}

/** `kill` is SIGKILL at once; `stop` lets the server close its database first. */
export async function stopTemporal(layout: Layout, temporal: TemporalState, how: 'stop' | 'kill'): Promise<void> {
  requireOwn(temporal);
  await stopRecorded(layout, RECORD, how === 'stop' ? { kindlyMs: 5000 } : {});
}

export const temporalRunning = (layout: Layout): boolean => runningPid(layout, RECORD) !== null;

/** The CLI: FERRY_TEMPORAL_BIN, the project's own, or the one on PATH. */
export function temporalBinary(layout: Layout, env: NodeJS.ProcessEnv = process.env): string {
  if (env['FERRY_TEMPORAL_BIN']) return env['FERRY_TEMPORAL_BIN'];
  const own = join(layout.home, 'var/tools/bin/temporal');
  if (existsSync(own)) return own;
  const found = (env['PATH'] ?? '').split(':').map((d) => join(d, 'temporal')).find((f) => existsSync(f));
  if (found) return found;
  throw new LabError('no temporal program: set FERRY_TEMPORAL_BIN, put `temporal` on PATH, or set TEMPORAL_ADDRESS to a running server', EXIT.missing);
}

/** The measured settings: WAL journal, and no 20-per-second limit on the one shard's task queues. */
export function serverArguments(layout: Layout, temporal: TemporalState): string[] {
  const [ip = '', port = ''] = temporal.address.split(':');
  const dynamicConfig = ['history.transferProcessorMaxPollRPS=500', 'history.timerProcessorMaxPollRPS=500',
    'frontend.enableServerVersionCheck=false', 'frontend.enableCancelWorkerPollsOnShutdown=true'];
  return [
    'server', 'start-dev', '--ip', ip, '--port', port, '--ui-ip', ip, '--ui-port', temporal.uiAddress?.split(':')[1] ?? '',
    '--db-filename', join(layout.temporalDir, 'temporal.db'),
    '--sqlite-pragma', 'journal_mode=wal', '--sqlite-pragma', 'synchronous=1', '--ui-disable-news-fetch', '--log-level', 'warn',
    ...dynamicConfig.flatMap((v) => ['--dynamic-config-value', v]),
    ...SEARCH_ATTRIBUTES.flatMap((v) => ['--search-attribute', v]),
  ];
}

async function serve(layout: Layout, temporal: TemporalState): Promise<void> {
  const binary = temporalBinary(layout);
  // a home of its own: no profile of the person's may change what the server does
  const env = { ...baseEnvironment(layout), HOME: layout.temporalDir };
  const logFile = join(layout.temporalDir, 'server.log');
  await startRecorded(layout, RECORD, { argv: [binary, ...serverArguments(layout, temporal)], env, logFile });
  const ask = async (args: string[]): Promise<string> => (await run([binary, ...args, '--address', temporal.address], { env })).stdout;
  try {
    await until(`Temporal to serve on ${temporal.address}, see ${logFile}`, 30_000, async () => {
      if (runningPid(layout, RECORD) === null) throw new LabError(`Temporal failed: its server ended: ${lastWords(logFile)}`);
      return (await listens(layout, temporal)) && (await ask(['operator', 'cluster', 'health'])).includes('SERVING')
        && (await ask(['operator', 'search-attribute', 'list'])).includes('NeedsOperator');
    }, 50);
  } catch (error) {
    await stopRecorded(layout, RECORD);
    throw error;
  }
}

const lastWords = (logFile: string): string => readFileSync(logFile, 'utf8').trimEnd().split('\n').slice(-LAST_LINES).join('\n');

/** It is ours that listens there: another lab's, that was quicker, would answer just as well. */
async function listens(layout: Layout, { address }: TemporalState): Promise<boolean> {
  const { stdout } = await run(['ss', '-Hltnp', `sport = :${address.split(':')[1]}`]);
  return stdout.includes(`pid=${runningPid(layout, RECORD)},`);
}

function requireOwn(temporal: TemporalState): void {
  if (!temporal.own) throw new LabError(`Temporal at ${temporal.address} is not the lab's: it was given by TEMPORAL_ADDRESS`, EXIT.notThere);
}
