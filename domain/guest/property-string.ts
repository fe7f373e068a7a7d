/** One `a,b=c,…` value of a PVE config, taken apart: keys in the order written, and what is wrong with it. */
export interface PropertyString {
  readonly properties: Readonly<Record<string, string>>;
  /** One sentence each, in PVE's words; empty: well-formed. */
  readonly problems: readonly string[];
}

/** A value read from a property string; null: not even in part. */
export interface Parsed<T> {
  readonly value: T | null;
  readonly problems: readonly string[];
}

/** Parses a property string. A part without `=` is the value of `defaultKey`; without a default key it is a problem. */
export function parsePropertyString(text: string, defaultKey?: string): PropertyString {
  const properties = new Map<string, string>();
  const problems: string[] = [];
  for (const part of text.split(',').map((raw) => raw.trim()).filter((trimmed) => trimmed !== '')) {
    const at = part.indexOf('=');
    const key = at === -1 ? defaultKey : part.slice(0, at);
    const value = at === -1 ? part : part.slice(at + 1);
    if (key === undefined) problems.push(`value without key, but there is no default key: '${part}'`);
    else if (key === '') problems.push(`missing key in '${part}'`);
    else if (value === '') problems.push(`missing value in '${part}'`);
    else if (properties.has(key)) problems.push(`duplicate key in comma-separated list property: ${key}`);
    else properties.set(key, value);
  }
  return { properties: Object.fromEntries(properties), problems };
}

/** The reverse: the default key's value first and without its name, the others as `key=value` in their order. */
export function formatPropertyString(properties: Readonly<Record<string, string>>, defaultKey?: string): string {
  const first = defaultKey === undefined ? undefined : properties[defaultKey];
  const others = Object.entries(properties).filter(([key]) => key !== defaultKey);
  return [...(first === undefined ? [] : [first]), ...others.map(([key, value]) => `${key}=${value}`)].join(',');
}

/** PVE's booleans; null: none of them. */
export function parseBoolean(text: string): boolean | null {
  if (/^(1|on|yes|true)$/i.test(text)) return true;
  return /^(0|off|no|false)$/i.test(text) ? false : null;
}

/** PVE's lists (`a,b`, `a;b`, `a b`). */
export const splitList = (text: string): string[] => text.split(/[,;\s]+/).filter((item) => item !== '');
