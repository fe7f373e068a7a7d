import { connectTemporal, type FerryClient } from '../connection.js';
import type { Io } from './io.js';

/** Connects, runs, closes. */
export async function withClient<T>(io: Io, run: (client: FerryClient) => Promise<T>): Promise<T> {
  const client = await connectTemporal(io.env);
  try {
    return await run(client);
  } finally {
    await client.close();
  }
}
