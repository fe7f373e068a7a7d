import type { GuestConfigStore, GuestKind } from '../domain/contracts/ports.js';
import { MigrationError } from '../domain/errors.js';
import type { NodeName, Vmid } from '../domain/ids.js';

/** A migration moves a config once, and once more when the guest is given back. */
const MOST_LOOKS = 3;

/**
 * A guest's config and where it is; null: there is none. Between the look for it and the reading a migration may move it: then it is
 * looked for again. Throws as `find` and `read` do.
 */
export async function readWhereItIs(configs: Pick<GuestConfigStore, 'find' | 'read'>, vmid: Vmid): Promise<{ readonly kind: GuestKind; readonly node: NodeName; readonly text: string } | null> {
  for (let look = 1; ; look += 1) {
    const owner = await configs.find(vmid);
    if (owner === null) return null;
    try {
      return { ...owner, text: await configs.read(vmid, owner.kind, owner.node) };
    } catch (error) {
      if (!(error instanceof MigrationError) || error.code !== 'GuestNotFound' || look === MOST_LOOKS) throw error;
    }
  }
}
