import { Client, Connection, isGrpcServiceError } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { messageOf } from '../domain/errors.js';
import { ClientError } from './errors.js';

/** A connection to Temporal, with what is needed to speak about it. */
export interface FerryClient {
  readonly temporal: Client;
  /** `host:port`, as configured. */
  readonly address: string;
  readonly namespace: string;
  /** Base address of the Temporal UI, without a slash at the end. */
  readonly uiUrl: string;
  close(): Promise<void>;
}

const DEFAULT_ADDRESS = '127.0.0.1:7233';
const CONNECT_TIMEOUT_MS = 3000;
/** The dev server puts its UI this far above the gRPC port. */
const DEV_UI_PORT_OFFSET = 1000;

/**
 * Connects as Temporal's own tools do (`TEMPORAL_ADDRESS`, `TEMPORAL_NAMESPACE`, `TEMPORAL_PROFILE`, the config file).
 * Throws `ClientError` `unreachable` within 5 s, naming the address.
 */
export async function connectTemporal(env: NodeJS.ProcessEnv = process.env): Promise<FerryClient> {
  const config = readConfig(env);
  const address = config.connectionOptions.address ?? DEFAULT_ADDRESS;
  const namespace = config.namespace ?? 'default';
  const { tls, apiKey, metadata } = config.connectionOptions;
  let connection: Connection;
  try {
    connection = await Connection.connect({
      address,
      connectTimeout: CONNECT_TIMEOUT_MS,
      ...(tls === undefined ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata }),
    });
  } catch (error) {
    throw unreachable(address, error);
  }
  return {
    temporal: new Client({ connection, namespace }),
    address,
    namespace,
    uiUrl: uiUrlOf(address, env),
    close: () => connection.close(),
  };
}

/** Link to one run in the Temporal UI. */
export function workflowUrl(client: FerryClient, workflowId: string, runId?: string): string {
  const base = `${client.uiUrl}/namespaces/${encodeURIComponent(client.namespace)}/workflows/${encodeURIComponent(workflowId)}`;
  return runId === undefined ? base : `${base}/${encodeURIComponent(runId)}`;
}

/** `FERRY_UI_URL`, else where the dev server puts its UI. */
export function uiUrlOf(address: string, env: NodeJS.ProcessEnv): string {
  const configured = env['FERRY_UI_URL'];
  if (configured !== undefined && configured !== '') return configured.replace(/\/+$/, '');
  const match = /^(.*?)(?::(\d+))?$/.exec(address);
  const host = match?.[1] === undefined || match[1] === '' ? '127.0.0.1' : match[1];
  return `http://${host}:${Number(match?.[2] ?? 7233) + DEV_UI_PORT_OFFSET}`;
}

/** The sentence for a Temporal that does not answer. */
export function unreachable(address: string, error: unknown): ClientError {
  return new ClientError(
    'unreachable',
    `connecting failed: Temporal at ${address}: ${causeOf(error)}. Start it, or set TEMPORAL_ADDRESS to where it runs; running migrations are not affected.`,
    error,
  );
}

function readConfig(env: NodeJS.ProcessEnv): ReturnType<typeof loadClientConnectConfig> {
  const defined = Object.fromEntries(Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  try {
    return loadClientConnectConfig({ overrideEnvVars: defined });
  } catch (error) {
    throw new ClientError('usage', `reading the Temporal configuration failed: ${messageOf(error)}. Check TEMPORAL_CONFIG_FILE and TEMPORAL_PROFILE.`, error);
  }
}

function causeOf(error: unknown): string {
  const root = error instanceof Error && error.cause !== undefined ? error.cause : error;
  if (isGrpcServiceError(root)) return root.details || root.message;
  const message = messageOf(root);
  return /deadline|before the deadline/i.test(message) ? `no answer within ${CONNECT_TIMEOUT_MS / 1000} s` : message;
}
