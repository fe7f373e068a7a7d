import type { NativeConnection } from '@temporalio/worker';
import { ATTRIBUTES } from '../workflows/attributes.js';

/** `temporal.api.enums.v1.IndexedValueType` */
const INDEXED_VALUE_TYPE = { KEYWORD: 2, BOOL: 5 } as const;

/** Registers whatever is missing of our search attributes; a workflow that upserts an unknown one would hang. Idempotent. */
export async function registerSearchAttributes(connection: Pick<NativeConnection, 'operatorService'>, namespace: string): Promise<readonly string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = Object.values(ATTRIBUTES).filter(({ name }) => !(name in customAttributes));
  if (missing.length > 0) {
    const searchAttributes = Object.fromEntries(missing.map(({ name, type }) => [name, INDEXED_VALUE_TYPE[type]]));
    await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
  }
  return missing.map(({ name }) => name);
}
