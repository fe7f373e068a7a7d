import { parsePropertyString } from './property-string.js';
import type { VmConfig } from './vm-config.js';

/** Keys of devices that exist on one node only. */
export interface LocalResources {
  /** Tied to this node. */
  readonly local: readonly string[];
  /** Named by a cluster-wide mapping (`mapping=`, `dirid=`): another node may have its own. */
  readonly mapped: readonly string[];
}

/** As PVE's `check_local_resources`: sockets and SPICE are made anew on the target and do not count. */
export function localResources({ values }: Pick<VmConfig, 'values'>): LocalResources {
  const local: string[] = [];
  const mapped: string[] = [];
  for (const [key, value] of Object.entries(values)) {
    const kind = kindOf(key, value);
    if (kind === 'local') local.push(key);
    if (kind === 'mapped') mapped.push(key);
  }
  return { local: local.sort(), mapped: mapped.sort() };
}

/** The name of the cluster-wide mapping that a key of `mapped` uses. */
export const mappingOf = (value: string): string => {
  const { properties } = parsePropertyString(value, 'dirid');
  return properties['mapping'] ?? properties['dirid'] ?? value;
};

/** Keys of old configs, without a number. */
const LEGACY = ['hostusb', 'hostpci', 'ivshmem'];

function kindOf(key: string, value: string): 'local' | 'mapped' | null {
  if (LEGACY.includes(key)) return 'local';
  switch (/^([a-z]+)\d+$/.exec(key)?.[1]) {
    case 'usb': {
      const { properties } = parsePropertyString(value, 'host');
      if (/^spice$/i.test(properties['host'] ?? '')) return null;
      return properties['mapping'] === undefined ? 'local' : 'mapped';
    }
    case 'hostpci':
      return parsePropertyString(value, 'host').properties['mapping'] === undefined ? 'local' : 'mapped';
    case 'virtiofs':
      return parsePropertyString(value, 'dirid').properties['dirid'] === undefined ? 'local' : 'mapped';
    case 'serial':
      return value === 'socket' ? null : 'local';
    case 'parallel':
      return 'local';
    default:
      return null;
  }
}
