import { messageOf, MigrationError } from '../../domain/errors.js';
import { ClientError } from '../errors.js';
import { EXIT, exitCodeOfError } from './exit-codes.js';
import type { Io } from './io.js';

/** One sentence on stderr; returns the exit code. Only what nobody foresaw gets a stack, with FERRY_DEBUG set. */
export function reportError(io: Io, error: unknown): number {
  io.stderr.write(`ferry: ${sentenceOf(error)}\n`);
  if (io.env['FERRY_DEBUG'] !== undefined && error instanceof Error) io.stderr.write(`${error.stack ?? ''}\n`);
  if (error instanceof ClientError) return exitCodeOfError(error.kind);
  if (error instanceof MigrationError && error.code === 'InvalidInput') return EXIT.usage;
  return isUnavailable(error) ? EXIT.unreachable : EXIT.internal;
}

function sentenceOf(error: unknown): string {
  const cause = error instanceof Error && error.name === 'ServiceError' && error.cause !== undefined ? error.cause : null;
  const details: unknown = cause !== null && typeof cause === 'object' && 'details' in cause ? cause.details : null;
  return typeof details === 'string' && details !== '' ? `${messageOf(error)}: ${details}` : messageOf(error);
}

/** gRPC DEADLINE_EXCEEDED and UNAVAILABLE. */
function isUnavailable(error: unknown): boolean {
  const code = ((error instanceof Error ? error.cause : null) as { code?: unknown } | null)?.code;
  return code === 4 || code === 14;
}
