import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import pRetry from 'p-retry';

/**
 * For what may be asked twice. The ledgers continue as new now and then, and what reaches them in that moment is refused or comes back
 * unanswered: it is asked again, for about a second and a half.
 */
export const askLedgers = <T>(ask: () => Promise<T>): Promise<T> => pRetry(ask, { retries: 5, minTimeout: 50, factor: 2, shouldRetry: mayPass });

/** gRPC RESOURCE_EXHAUSTED ("workflow is closing"), FAILED_PRECONDITION ("unexpected workflow task failure"), ABORTED, UNAVAILABLE ("buffered query cleared"). */
function mayPass(error: unknown): boolean {
  const root = error instanceof ServiceError ? error.cause : error;
  return isGrpcServiceError(root) && [8, 9, 10, 14].includes(root.code);
}
