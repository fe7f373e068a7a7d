import { Context } from '@temporalio/activity';
import type { NodeSurveyActivities } from '../../domain/contracts/evacuation-activities.js';
import type { NodeName, Vmid } from '../../domain/ids.js';

/** A node that says what runs on it, and has room for everything. */
export const surveyOf = (node: NodeName, running: () => readonly Vmid[]): NodeSurveyActivities => ({
  surveyNode: () => {
    Context.current().heartbeat();
    return Promise.resolve({
      room: {
        node, online: true, cordoned: false, memoryTotalBytes: 0, memoryAvailableBytes: 0, cpuCount: 1, qemuVersion: '10.0.2', cpuModels: [], cpuVendor: 'GenuineIntel', cpuFlags: [], bridges: [], storages: [], linkBytesPerSecond: null,
      },
      running: running(), dirtyBytesPerSecond: {},
    });
  },
});
