import type { CtMount } from './ct-config.js';
import { isVolid } from './drive.js';
import { parseBoolean, parsePropertyString, type Parsed } from './property-string.js';
import { parseSize } from './size.js';

/** How many mount points a container may have (PVE). */
const MAX_MOUNT_POINTS = 256;

/** A `rootfs` or `mpN` line, taken apart. `problems` is empty when it is well-formed. */
export function parseCtMount(name: string, text: string): Parsed<CtMount> {
  const { properties, problems } = parsePropertyString(text, 'volume');
  const { volume: source, mp, ...options } = properties;
  const index = name === 'rootfs' ? null : Number(name.slice('mp'.length));
  if (index !== null && index >= MAX_MOUNT_POINTS) return { value: null, problems: ['no such mount point'] };
  if (source === undefined) return { value: null, problems: [...problems, `no volume in '${text}'`] };
  const found = [...problems];
  const flag = (key: string): boolean => {
    const parsed = parseBoolean(options[key] ?? '0');
    if (parsed === null) found.push(`${key}: expected 0 or 1, got '${options[key]}'`);
    return parsed ?? false;
  };
  const size = options['size'] === undefined ? null : parseSize(options['size']);
  if (options['size'] !== undefined && size === null) found.push(`not a size: '${options['size']}'`);
  const kind = kindOf(source);
  if (kind === 'volume' && !isVolid(source)) found.push(`'${source}' is neither a volume nor a path`);
  const mount: CtMount = {
    name, index, kind, source,
    volid: kind === 'volume' ? source : null,
    path: index === null ? '/' : inside(mp, found),
    sizeBytes: size === 0 ? null : size,
    shared: flag('shared'), readOnly: flag('ro'),
    mountOptions: (options['mountoptions'] ?? '').split(';').filter((option) => option !== ''),
    options,
  };
  return { value: mount, problems: found };
}

function kindOf(source: string): CtMount['kind'] {
  if (source.startsWith('/dev/')) return 'device';
  return source.startsWith('/') ? 'bind' : 'volume';
}

/** `..` would leave the container's root before it is its root. */
function inside(mp: string | undefined, problems: string[]): string {
  if (mp === undefined) problems.push('no path in the container (mp)');
  else if (!mp.startsWith('/') || mp.split('/').some((part) => part === '..') || /^\/+$/.test(mp)) problems.push(`mp is not a path in the container: '${mp}'`);
  return mp ?? '';
}
