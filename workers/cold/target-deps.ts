import type { ColdPlan } from '../../domain/contracts/plan.js';
import { MigrationError } from '../../domain/errors.js';
import { epochShort } from '../../domain/ids.js';
import { receive } from '../../hypervisor/cold/reception.js';
import type { ColdTargetDeps } from '../../hypervisor/cold/target-deps.js';
import { removeFerrySnapshots } from '../../hypervisor/storage/btrfs/ferry-snapshots.js';
import { createCopyServer } from '../../hypervisor/storage/copy/server.js';
import { checkAtDoor } from '../../hypervisor/transport/door.js';
import { listenOn } from '../../hypervisor/transport/handoff/listen.js';
import { createHandoffServer } from '../../hypervisor/transport/handoff/server.js';
import { clearRunPath, listenAt, makeRunPath } from '../../hypervisor/transport/listen-spec.js';
import { handoffProtection, type NodeParts } from '../node-deps.js';
import { createPowers } from './powers.js';
import { createVolumePlaces } from './volume-places.js';

/** The real parts of a cold move's target side. */
export function coldTargetDeps(parts: NodeParts): ColdTargetDeps {
  const { config, journal, token, configs, lock, storages } = parts;
  return {
    node: config.node, journal, token, configs, lock,
    power: createPowers(parts),
    ...createVolumePlaces(storages),
    listenSpec: async (ref, plan) => {
      const at = await listenAt(plan, ref, config.runDir, { firstPort: config.portRange.first, lastPort: config.portRange.last });
      return { copy: at('copy'), handoff: at('handoff') };
    },
    serveCopies: async ({ ref, plan, on, places, onWhole, onTouched }) => {
      const find = async (volid: string): Promise<string> => {
        const targetVolid = places.get(volid);
        if (targetVolid === undefined) throw new MigrationError('InvalidInput', `receive volume failed: ${volid}: this move has no place for it`);
        return (await storages.find(plan.kind))(targetVolid).path;
      };
      // A node that lost its power has lost its run directory, and listens again all the same.
      const copies = createCopyServer({ resolve: find, qemuImg: config.qemuImg, runDir: await makeRunPath(config.runDir, ref) });
      const { secret, protection } = await handoffProtection(parts, ref, plan);
      const known = async (volid: string): Promise<void> => { await find(volid); };
      const listener = await listenOn(on, protection === 'tls' ? secret : null, (stream) => {
        const letIn = protection === 'challenge' && secret !== null ? checkAtDoor(stream, secret) : Promise.resolve(stream);
        letIn.then((checked) => receive(checked, {
          onTouched: async (volid) => { await known(volid); await onTouched(volid); },
          onWhole: async (volid, digest) => { await known(volid); await onWhole(volid, digest); },
          copy: (opened) => copies.serve(opened),
        })).catch(() => stream.destroy());
      });
      return {
        endpoint: listener.endpoint,
        sever: () => copies.close(),
        close: async () => {
          await listener.close();
          await copies.close();
        },
      };
    },
    listenForHandoff: async (ref, plan: ColdPlan, listen, onHandover) => createHandoffServer({ ...ref, listen, ...await handoffProtection(parts, ref, plan), onHandover }),
    readConfig: async (vmid, node) => configs.read(vmid, (await configs.find(vmid))?.kind ?? 'qemu', node),
    removeSnapshots: async ({ epoch }, plan, places) => {
      if (!plan.volumes.some(({ stream }) => stream === 'btrfs')) return;
      const find = await storages.find(plan.kind);
      for (const volid of places) await removeFerrySnapshots(find(volid).path, epochShort(epoch));
    },
    clearRunDir: (ref) => clearRunPath(config.runDir, ref),
  };
}
