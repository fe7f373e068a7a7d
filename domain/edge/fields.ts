import { z } from 'zod';
import { parseBoolean, splitList } from '../guest/property-string.js';

/** A whole number, also written as a string (a form or a command line has no numbers). */
export const wholeNumber = (from: number, to: number) => {
  const error = `expected a whole number from ${from} to ${to}`;
  return z.preprocess((raw) => (typeof raw === 'string' && /^\d+$/.test(raw.trim()) ? Number(raw) : raw), z.number({ error }).int({ error }).min(from, { error }).max(to, { error }));
};

/** A boolean, also in PVE's spellings. */
export const yesOrNo = z.preprocess(
  (raw) => (typeof raw === 'string' || typeof raw === 'number' ? (parseBoolean(String(raw)) ?? raw) : raw),
  z.boolean({ error: 'expected true or false' }),
);

export const text = (what: string, pattern = /\S/, most = 1000) => {
  const error = `expected ${what}`;
  return z.string({ error }).max(most, { error }).regex(pattern, { error });
};

/** A cluster member's name: one DNS label. */
export const nodeName = text('a node name (letters, digits and inner dashes, at most 63)', /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i);

export const migrationType = z.enum(['secure', 'insecure', 'tls'], { error: 'expected secure, insecure or tls' });

export const absolutePath = text('an absolute path', /^\/\S*$/);

/** A list, also written as one string the way PVE does (`pve2,pve3`). */
export const listOf = <T extends z.ZodType>(item: T, what: string) =>
  z.preprocess((raw) => (typeof raw === 'string' ? splitList(raw) : typeof raw === 'number' ? [raw] : raw), z.array(item, { error: `expected a list of ${what}` }));
