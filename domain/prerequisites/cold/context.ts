import type { StorageConfig } from '../../cluster/storage-config.js';
import type { ClusterFacts, MigrationFacts, VolumeFacts } from '../../contracts/facts.js';
import type { ColdPlan } from '../../contracts/plan.js';
import type { MigrateRequest } from '../../contracts/request.js';
import { mentionedVolumes, type VolumeMention } from '../../guest/volumes.js';
import type { Volid } from '../../ids.js';
import { createContext, type CheckContext } from '../context.js';
import { storageIdOf } from '../drives.js';

export type ColdGuest = NonNullable<ClusterFacts['guest']>;

/** One volume on a storage, with every place of the config that names it. */
export interface UsedVolume {
  readonly volid: Volid;
  readonly mentions: readonly [VolumeMention, ...VolumeMention[]];
  /** null: there is no such storage. */
  readonly storage: StorageConfig | null;
  /** What the source found; null: nothing, or nobody asked. */
  readonly facts: VolumeFacts | null;
}

/** What the checks of a cold move look at. */
export interface ColdContext extends CheckContext {
  readonly guest: ColdGuest;
  readonly mode: ColdPlan['mode'];
  readonly volumes: readonly UsedVolume[];
  /** Paths and devices of the node the guest uses. */
  readonly paths: readonly VolumeMention[];
}

export function createColdContext(facts: MigrationFacts, request: MigrateRequest, guest: ColdGuest, mode: ColdPlan['mode']): ColdContext {
  const mentions = mentionedVolumes(sectionsOf(guest));
  const byVolid = new Map<Volid, VolumeMention[]>();
  for (const mention of mentions) {
    if (mention.volid !== null) byVolid.set(mention.volid, [...(byVolid.get(mention.volid) ?? []), mention]);
  }
  const volumes = [...byVolid].map(([volid, found]): UsedVolume => ({
    volid,
    mentions: found as [VolumeMention, ...VolumeMention[]],
    storage: facts.cluster.storages.find(({ id }) => id === storageIdOf(volid)) ?? null,
    facts: facts.source?.volumes?.find((known) => known.volid === volid) ?? null,
  }));
  return { ...createContext(facts, request), guest, mode, volumes, paths: mentions.filter(({ volid }) => volid === null) };
}

/** On the source's own storages: what has to be copied, ISO images aside. */
export const localVolumes = ({ volumes }: Pick<ColdContext, 'volumes'>): readonly (UsedVolume & { readonly storage: StorageConfig })[] =>
  volumes.filter((volume): volume is UsedVolume & { readonly storage: StorageConfig } => volume.storage !== null && !volume.storage.shared && !isIso(volume));

/** A CD image that is not the guest's own (cloud-init's is). */
export const isIso = ({ volid, mentions }: Pick<UsedVolume, 'volid' | 'mentions'>): boolean => mentions.every(({ isCdrom }) => isCdrom) && !isCloudInit(volid);

export const isCloudInit = (volid: Volid): boolean => /vm-\d+-cloudinit(?:\.|$)/.test(volid);

/** The volumes of a guest that are asked for on the source: those that are on no shared storage. */
export function volidsToAsk(cluster: ClusterFacts): readonly Volid[] {
  if (cluster.guest === null) return [];
  const shared = new Set(cluster.storages.filter((storage) => storage.shared).map(({ id }) => id));
  return [...new Set(mentionedVolumes(sectionsOf(cluster.guest)).flatMap(({ volid }) => (volid === null || shared.has(storageIdOf(volid)) ? [] : [volid])))];
}

const sectionsOf = ({ config: { values, pending, snapshots } }: ColdGuest): Parameters<typeof mentionedVolumes>[0] => ({ current: values, pending, snapshots });
