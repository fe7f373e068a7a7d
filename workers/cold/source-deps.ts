import { join } from 'node:path';
import type { ColdPlan, VolumeMove } from '../../domain/contracts/plan.js';
import { epochShort, type Epoch, type EpochRef, type Volid } from '../../domain/ids.js';
import type { ColdSourceDeps } from '../../hypervisor/cold/source-deps.js';
import { sendTree, type SendTreeDeps } from '../../hypervisor/cold/send-tree.js';
import { sendVolume } from '../../hypervisor/cold/send-volume.js';
import { TreeCheck } from '../../hypervisor/cold/tree-check.js';
import { removeFerrySnapshots } from '../../hypervisor/storage/btrfs/ferry-snapshots.js';
import { isSubvolume, nestedSubvolumes } from '../../hypervisor/storage/btrfs/subvolume.js';
import { createLimiter, type Limiter } from '../../hypervisor/storage/copy/limiter.js';
import { openTunnelEarly, prepareSsh } from '../../hypervisor/transport/channels.js';
import { openColdWays } from '../../hypervisor/transport/cold-ways.js';
import { clearRunPath, makeRunPath, runPath } from '../../hypervisor/transport/listen-spec.js';
import type { SshConnection } from '../../hypervisor/transport/ssh/ssh-client.js';
import { closeTunnel } from '../../hypervisor/transport/ssh/ssh-tunnel.js';
import { closeTunnelsInto } from '../../hypervisor/transport/ssh/stray-tunnels.js';
import { readTunnelRecord } from '../../hypervisor/transport/ssh/tunnel-record.js';
import { silencePolicy } from '../../domain/silence/policy.js';
import { sshConfig, type NodeParts } from '../node-deps.js';
import { createPowers } from './powers.js';

/** The real parts of a cold move's source side. */
export function coldSourceDeps(parts: NodeParts): ColdSourceDeps {
  const { config, journal, token, configs, storages } = parts;
  const warmed = new Map<Epoch, Promise<SshConnection>>();
  const limiters = new Map<Epoch, Limiter>();
  const ssh = sshConfig(parts);
  const limiterOf = ({ epoch }: EpochRef): Limiter => {
    const limiter = limiters.get(epoch) ?? createLimiter(null);
    limiters.set(epoch, limiter);
    return limiter;
  };
  // Not among what a node forgets when it loses its power: without it nobody knows whether the volumes may be freed.
  const receivedDir = join(config.stateDir, 'received');
  const checks = new Map<string, TreeCheck>();
  const checkOf = async (ref: EpochRef, plan: ColdPlan, volid: Volid): Promise<TreeCheck> => {
    const key = `${ref.epoch} ${volid}`;
    const known = checks.get(key);
    if (known !== undefined) return known;
    const { path } = (await storages.find(plan.kind))(volid);
    const number = plan.volumes.findIndex((volume) => volume.volid === volid);
    const check = new TreeCheck({ volid, dir: path, file: join(await makeRunPath(receivedDir, ref), `received-${number}.json`) });
    checks.set(key, check);
    return check;
  };
  const methods = new Map<string, SendTreeDeps['method']>();
  const methodOf = async ({ epoch }: EpochRef, volume: VolumeMove, path: string): Promise<SendTreeDeps['method']> => {
    const key = `${epoch} ${volume.volid}`;
    const method = methods.get(key) ?? (await canStream(volume, path) ? 'btrfs' : 'tree');
    methods.set(key, method);
    return method;
  };
  return {
    node: config.node, journal, token, configs,
    power: createPowers(parts),
    warmUp: async (ref, plan) => {
      if (plan.transport.type !== 'secure' || warmed.has(ref.epoch)) return;
      const connection = prepareSsh(plan, ssh);
      warmed.set(ref.epoch, connection);
      connection.catch(() => warmed.delete(ref.epoch));
      await Promise.all([connection, openTunnelEarly({ plan, ref, runDir: config.runDir, sshConfig: ssh }, ['copy'])]);
    },
    openWays: async (ref, plan, endpoints) => {
      const sshConnection = await warmed.get(ref.epoch)?.catch(() => undefined);
      warmed.delete(ref.epoch);
      const secret = plan.transport.type === 'secure' ? null : await token.readSecret(ref.vmid, ref.epoch);
      return openColdWays({ plan, ref, endpoints, runDir: config.runDir, sshConfig: ssh, secret, sshConnection });
    },
    copy: async (input) => {
      const { path, format } = (await storages.find(input.plan.kind))(input.volume.volid);
      const deps = { limiter: limiterOf(input.ref), silenceMs: silenceMsOf(input.plan) };
      if (format === 'subvol') {
        const [method, check] = [await methodOf(input.ref, input.volume, path), await checkOf(input.ref, input.plan, input.volume.volid)];
        return sendTree(input, { ...deps, dir: path, method, runDir: runPath(config.runDir, input.ref), check });
      }
      return sendVolume(input, { ...deps, path, runDir: runPath(config.runDir, input.ref), qemuImg: config.qemuImg });
    },
    verify: async (ref, plan) => {
      for (const { volid, sourceFormat } of plan.volumes) if (sourceFormat === 'subvol') await (await checkOf(ref, plan, volid)).verify();
    },
    freeVolume: async (volid) => (await parts.storages.store()).free(volid),
    removeSnapshots: async ({ epoch }, plan) => {
      const find = await storages.find(plan.kind);
      for (const { volid } of plan.volumes.filter(({ stream }) => stream === 'btrfs')) await removeFerrySnapshots(find(volid).path, epochShort(epoch));
    },
    clearRunDir: async (ref) => {
      await warmed.get(ref.epoch)?.then((connection) => connection.close(), () => undefined);
      warmed.delete(ref.epoch);
      limiters.delete(ref.epoch);
      for (const known of [checks, methods]) for (const key of known.keys()) if (key.startsWith(`${ref.epoch} `)) known.delete(key);
      const dir = runPath(config.runDir, ref);
      const record = readTunnelRecord(join(dir, 'tunnel.json'));
      if (record !== null) await closeTunnel(record);
      await closeTunnelsInto(dir);
      await clearRunPath(config.runDir, ref);
      await clearRunPath(receivedDir, ref);
    },
  };
}

/** No stream holds a subvolume that lies inside another one. */
const canStream = async ({ stream }: VolumeMove, path: string): Promise<boolean> =>
  stream === 'btrfs' && await isSubvolume(path) && (await nestedSubvolumes(path)).length === 0;

const silenceMsOf = ({ silence }: ColdPlan): number => (silence ?? silencePolicy(undefined)).abortAfterMs;
