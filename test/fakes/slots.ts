import { needsOf } from '../../domain/admission/needs.js';
import type { SlotsConfig } from '../../domain/admission/limits.js';
import type { NodeName } from '../../domain/ids.js';
import { createReadRun } from '../../workers/run-states.js';
import { createReleaseSlots, createRequestSlots } from '../../workers/slot-ledgers.js';
import type { FakeOptions } from './activities.js';
import type { Bench } from './bench.js';

/** What a migration asks the real ledgers of its nodes for; without a configuration: nothing. */
export function slotsBetween({ env: { client: { workflow } } }: Bench, slots: SlotsConfig | undefined, source: NodeName, target: NodeName): Partial<FakeOptions> {
  if (slots === undefined) return {};
  return { slots: needsOf(source, target, slots, {}), requestSlots: createRequestSlots(workflow), releaseSlots: createReleaseSlots(workflow), readRun: createReadRun(workflow) };
}
