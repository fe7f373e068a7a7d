/** What one line of a PVE guest config is. */
export type ConfigLine =
  | { readonly kind: 'blank' | 'comment' }
  | { readonly kind: 'section'; readonly name: string }
  | { readonly kind: 'value'; readonly key: string; readonly value: string }
  | { readonly kind: 'lxc'; readonly key: string; readonly value: string; readonly text: string }
  | { readonly kind: 'unknown'; readonly text: string };

/**
 * Reads a line as PVE does: `#` opens a description line, `[name]` a section, everything else is `key: value`. In a
 * container's config `lxc.*` keys are LXC's own, written with `:` or as LXC has it, with `=`.
 */
export function readConfigLine(line: string): ConfigLine {
  if (/^\s*$/.test(line)) return { kind: 'blank' };
  if (line.startsWith('#')) return { kind: 'comment' };
  const section = /^\[([^\]]+)\]\s*$/.exec(line);
  if (section?.[1] !== undefined) return { kind: 'section', name: section[1] };
  const value = /^([a-z][a-z_-]*\d*):\s*(\S.*?)\s*$/.exec(line);
  if (value?.[1] !== undefined && value[2] !== undefined) return { kind: 'value', key: value[1], value: value[2] };
  const lxc = /^(lxc\.[a-z0-9_\-.]+)(?::|\s*=)\s*(.*?)\s*$/.exec(line);
  if (lxc?.[1] !== undefined && lxc[2] !== undefined) return { kind: 'lxc', key: lxc[1], value: lxc[2], text: line.trim() };
  return { kind: 'unknown', text: line.trim() };
}

export const CONFIG_KEY = /^[a-z][a-z_-]*\d*$/;
