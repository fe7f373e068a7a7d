import type { z } from 'zod';
import { nearest } from './nearest.js';

/** zod's findings as clauses of one sentence: what was expected, what came. Field errors must say `expected …`. */
export function describeIssues(issues: readonly z.core.$ZodIssue[], raw: unknown, knownKeys: readonly string[]): string[] {
  const clauses = issues.flatMap((issue) => {
    const where = issue.path.map(String).join('.');
    if (issue.code === 'unrecognized_keys') return issue.keys.map((key) => unknownKey(where === '' ? key : `${where}.${key}`, knownKeys));
    return [`${where === '' ? '' : `${where}: `}${issue.message}, got ${show(at(raw, issue.path))}`];
  });
  return [...new Set(clauses)];
}

export function unknownKey(key: string, knownKeys: readonly string[]): string {
  const near = nearest(key, knownKeys);
  return near === null ? `unknown key '${key}', expected ${knownKeys.join(', ')}` : `unknown key '${key}', did you mean '${near}'?`;
}

/** A value as an operator recognises it, shortened. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing';
  const text = JSON.stringify(value) ?? typeof value;
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function at(raw: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((value, key) => (typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined), raw);
}
