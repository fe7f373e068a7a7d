import { firstRequests } from '../../domain/admission/first-requests.js';
import { DEFAULT_PRIORITY } from '../../domain/admission/priority.js';
import type { OpenedRequest } from '../../domain/contracts/activities.js';
import type { MigrateRequest } from '../../domain/contracts/request.js';
import type { SlotAsker } from '../../domain/contracts/slots.js';
import type { FakeOptions } from './activities.js';
import { clusterFacts, lockedBy, requestFor } from './facts.js';
import type { World } from './world.js';

/** What a cluster with this one guest says of it, with the answers of whoever hands out its slots. */
export async function openRequest({ vmid, source, target, slots = [], seesLock = false, requestSlots }: FakeOptions, { lock }: World, raw: unknown, asker: SlotAsker | undefined): Promise<OpenedRequest> {
  const { priority = DEFAULT_PRIORITY, reason } = raw as Partial<MigrateRequest>;
  const facts = clusterFacts(vmid, source, target);
  const cluster = seesLock ? { ...facts, ...lockedBy(facts, lock) } : facts;
  const request = { ...requestFor(vmid, target), priority, ...(reason === undefined ? {} : { reason }) };
  const atMs = Date.now();
  const isFirst = asker !== undefined && slots.length > 0 && cluster.lockOwner?.epoch !== asker.epoch;
  const answers = isFirst ? await requestSlots?.({ vmid, requests: firstRequests(slots, { vmid, ...asker, priority }, atMs) }) : undefined;
  return { request, cluster, slots, atMs, ...(answers === undefined ? {} : { answers }) };
}
