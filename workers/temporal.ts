import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';

export interface TemporalLink {
  readonly connection: NativeConnection;
  readonly namespace: string;
}

/** A server that answers does so in a fraction of this. The SDK's own patience has no end that is written down. */
const CONNECT_MS = 10_000;

/**
 * Connects to Temporal as the `temporal` command does: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS_…, TEMPORAL_API_KEY,
 * or the profile in TEMPORAL_CONFIG_FILE. Default: 127.0.0.1:7233, namespace `default`. Throws when nobody answers in time: a connection
 * that is stuck on its way there is given up, and the next one is another.
 */
export async function connectToTemporal(limitMs = CONNECT_MS): Promise<TemporalLink> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const address = connectionOptions.address ?? '127.0.0.1:7233';
  const connecting = NativeConnection.connect({ ...connectionOptions, address });
  const connection = await within(limitMs, `connect failed: ${address}`, connecting, (late) => { void late.close().catch(() => undefined); });
  return { connection, namespace: namespace ?? 'default' };
}

/** Rejects after `limitMs`; what comes later is `tooLate`'s to put away. */
export async function within<T>(limitMs: number, what: string, promise: Promise<T>, tooLate: (result: T) => void = () => undefined): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      promise.then(tooLate, () => undefined);
      reject(new Error(`${what}: no answer within ${limitMs / 1000} s`));
    }, limitMs);
  });
  try {
    return await Promise.race([promise, limit]);
  } finally {
    clearTimeout(timer);
  }
}
