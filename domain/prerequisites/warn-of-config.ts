import type { CheckContext } from './context.js';

/** What an operator may want to know and nothing hangs on. */
export function warnOfConfig({ vm, request }: CheckContext): string[] {
  const unknown = vm?.config.unknownKeys ?? [];
  const warnings: string[] = [];
  if (unknown.length > 0) warnings.push(`kept in the config and not acted on: ${unknown.join(', ')}`);
  if (request.force) warnings.push('--force has no effect on a running VM');
  return warnings;
}
