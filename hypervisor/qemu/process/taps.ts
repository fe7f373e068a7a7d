import { readdir, readFile } from 'node:fs/promises';
import { MigrationError } from '../../../domain/errors.js';
import type { Vmid } from '../../../domain/ids.js';
import { parseBoolean } from '../../../domain/guest/property-string.js';
import type { VmConfig } from '../../../domain/guest/vm-config.js';
import { runOk } from '../../exec.js';
import { tapName } from '../../paths.js';

/** One network card's other end, on the node. */
export interface Tap {
  readonly name: string;
  /** null: connected to nothing. */
  readonly bridge: string | null;
  readonly tag: number | null;
}

/** The taps of a config. `link_down=1` is a cable that is not plugged in. */
export const tapsOf = (config: VmConfig): readonly Tap[] => config.nets.map((net) => ({
  name: tapName(config.vmid, net.index),
  bridge: parseBoolean(net.options['link_down'] ?? '0') === true ? null : net.bridge,
  tag: net.tag,
}));

/** Makes the taps, puts them into their bridges, up. Throws `TargetStartFailed` for a bridge that is missing or can't do VLANs. */
export async function createTaps(taps: readonly Tap[]): Promise<void> {
  if (taps.length === 0) return;
  const commands = await Promise.all(taps.map(commandsFor));
  await batch('ip', commands.flatMap((c) => c.ip));
  await batch('bridge', commands.flatMap((c) => c.bridge));
}

/** Removes every tap of the guest. No error when there is none. */
export async function removeTaps(vmid: Vmid): Promise<void> {
  const ours = (await readdir('/sys/class/net')).filter((name) => name.startsWith(`tap${vmid}i`));
  for (const name of ours) {
    await runOk('ip', ['link', 'del', 'dev', name]).catch((error: unknown) => {
      if (!(error instanceof MigrationError && /Cannot find device/.test(error.message))) throw error;
    });
  }
}

async function commandsFor(tap: Tap): Promise<{ readonly ip: string[]; readonly bridge: string[] }> {
  // The node itself has no business on a guest's wire: no address, no router solicitation.
  const ip = [`tuntap add dev ${tap.name} mode tap`, `link set dev ${tap.name} addrgenmode none`];
  if (tap.bridge === null) return { ip: [...ip, `link set dev ${tap.name} up`], bridge: [] };
  const bridge = bridgeFolder(tap, tap.bridge);
  const mtu = await readOrNull(`${bridge}/mtu`);
  if (mtu === null) throw noBridge(tap);
  if (tap.tag !== null && (await readOrNull(`${bridge}/bridge/vlan_filtering`)) !== '1') {
    throw new MigrationError('TargetStartFailed', `make ${tap.name} failed: bridge ${tap.bridge} is not VLAN aware, but the card has tag ${tap.tag}`, { ...tap });
  }
  return {
    ip: [...ip, `link set dev ${tap.name} mtu ${mtu} master ${tap.bridge} up`],
    bridge: tap.tag === null ? [] : [`vlan del dev ${tap.name} vid 1`, `vlan add dev ${tap.name} vid ${tap.tag} pvid untagged`],
  };
}

/** The name is checked: it becomes a word of a batch line, and part of a path. */
function bridgeFolder(tap: Tap, name: string): string {
  if (!/^[\w-][\w.-]{0,14}$/.test(name)) throw noBridge(tap);
  return `/sys/class/net/${name}`;
}

const noBridge = (tap: Tap): MigrationError =>
  new MigrationError('TargetStartFailed', `make ${tap.name} failed: there is no bridge ${tap.bridge} on this node`, { ...tap });

const readOrNull = (path: string): Promise<string | null> => readFile(path, 'utf8').then((text) => text.trim(), () => null);

async function batch(command: 'ip' | 'bridge', lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return;
  await runOk(command, ['-batch', '-'], { input: `${lines.join('\n')}\n`, code: 'TargetStartFailed' });
}
