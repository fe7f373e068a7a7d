import { DefaultLogger, Runtime, type LogEntry } from '@temporalio/worker';
import { destination, pino, type Logger } from 'pino';

/** One JSON line per record on stderr; level from FERRY_LOG_LEVEL (default `info`). */
export function createLogger(name: string): Logger {
  return pino({ name, level: process.env.FERRY_LOG_LEVEL ?? 'info' }, destination({ dest: 2, sync: true }));
}

/** Temporal's own runtime logs go to the same place. Call once, before the first connection. */
export function installRuntime(log: Logger): void {
  const level = log.isLevelEnabled('debug') ? 'DEBUG' : 'INFO';
  Runtime.install({
    logger: new DefaultLogger(level, (entry) => forward(log, entry)),
    telemetryOptions: { logging: { forward: {}, filter: 'ERROR' } },
    workerHeartbeatInterval: '5s',
  });
}

function forward(log: Logger, { level, message, meta }: LogEntry): void {
  const { error, ...rest } = meta ?? {};
  const fields = error === undefined ? rest : { ...rest, err: error };
  if (level === 'ERROR') log.error(fields, message);
  else if (level === 'WARN') log.warn(fields, message);
  else if (level === 'INFO') log.info(fields, message);
  else log.debug(fields, message);
}
