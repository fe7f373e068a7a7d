import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** What of LXC's features this node has. */
export interface LxcHost {
  /** The hierarchy that holds the memory and cpu controllers. */
  readonly cgroups: 'v1' | 'v2';
  /** Whether swap can be limited too. */
  readonly limitsSwap: boolean;
  readonly appArmor: boolean;
  /** LXC's own defaults for every container (dropped capabilities, allowed devices, seccomp); empty: not installed. */
  readonly includes: readonly LxcInclude[];
}

/** `common`: every container; `userns`: unprivileged ones; `nesting`: with the feature of that name. */
export type LxcInclude = 'common' | 'userns' | 'nesting';

export const LXC_DEFAULTS_DIR = '/usr/share/lxc/config';

/** Looks at this node. Nothing of it changes without a reboot or an installation. */
export function lxcHost(): LxcHost {
  const cgroups = existsSync('/sys/fs/cgroup/cgroup.controllers') ? 'v2' : 'v1';
  return {
    cgroups,
    limitsSwap: cgroups === 'v2' || existsSync('/sys/fs/cgroup/memory/memory.memsw.limit_in_bytes'),
    appArmor: readOrNull('/sys/module/apparmor/parameters/enabled')?.startsWith('Y') === true,
    includes: (['common', 'userns', 'nesting'] as const).filter((name) => existsSync(includePath(name))),
  };
}

export const includePath = (name: LxcInclude): string => join(LXC_DEFAULTS_DIR, `${name}.conf`);

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}
