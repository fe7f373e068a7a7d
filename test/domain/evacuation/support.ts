import type { EvacuationPlan, EvacuationRequest, PlannedMove } from '../../../domain/contracts/evacuation.js';
import type { MigrationReport } from '../../../domain/contracts/report.js';
import { parseEvacuationRequest } from '../../../domain/edge/evacuation-request.js';
import { EvacuationBook } from '../../../domain/evacuation/book.js';

export const request = (wishes: object = {}): EvacuationRequest => parseEvacuationRequest({ node: 'pve1', ...wishes });

export const move = (vmid: number, change: Partial<PlannedMove> = {}): PlannedMove => ({
  vmid, kind: 'qemu', name: `g${vmid}`, from: 'pve1', to: 'pve2', mode: 'live', parking: false, wave: 0, order: vmid, needs: [], applications: [],
  forecast: { durationMs: 1000, downtimeMs: 10, bytes: 1, basis: 'estimate' }, reason: 'room', ...change,
});

export const planOf = (moves: readonly PlannedMove[], stays: EvacuationPlan['stays'] = []): EvacuationPlan => ({
  node: 'pve1', moves, stays, nodes: [], links: [], bytes: 0, durationMs: 0, quality: 'greedy', warnings: [],
});

export function bookOf(moves: readonly PlannedMove[], wishes: object = {}): EvacuationBook {
  const book = EvacuationBook.open(request(wishes), 'away', 0);
  book.adopt(planOf(moves));
  return book;
}

export const migrated = (vmid: number, target: string): MigrationReport => ({
  vmid, name: '', source: 'pve1', target, epoch: 'e', workflowId: 'w', outcome: 'migrated', reason: '', requestedBy: 'somebody', requestReason: null, transport: null, network: null,
  startedAt: '', endedAt: '', totalMs: 1, phases: [], rounds: [], bytes: { ram: 5, disks: 7 }, qemuDowntimeMs: null, qemuTotalMs: null,
  blackout: { stopMs: 0, mirrorFinishMs: 0, finalStateMs: 0, handoverMs: 0, commitMs: 0, resumeMs: 0, totalMs: 40 }, refusals: [], warnings: [], incidents: [],
});
