import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';

export interface TemporalLink {
  readonly connection: NativeConnection;
  readonly namespace: string;
}

/**
 * Connects to Temporal as the `temporal` command does: TEMPORAL_ADDRESS, TEMPORAL_NAMESPACE, TEMPORAL_TLS_…, TEMPORAL_API_KEY,
 * or the profile in TEMPORAL_CONFIG_FILE. Default: 127.0.0.1:7233, namespace `default`.
 */
export async function connectToTemporal(): Promise<TemporalLink> {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  const connection = await NativeConnection.connect({ ...connectionOptions, address: connectionOptions.address ?? '127.0.0.1:7233' });
  return { connection, namespace: namespace ?? 'default' };
}
