import type { SwitchoverResult } from '../../../domain/contracts/activities.js';
import type { MigrationInfo } from '../qmp/monitor.js';
import type { HandoffAnswer } from '../../transport/handoff/client.js';
import type { SwitchInstants } from './switch.js';

/** Puts QEMU's figures and the driver's stop-watch together. Bytes of the disks are added by the session. */
export function toSwitchoverResult(info: MigrationInfo, t: SwitchInstants, answer: Extract<HandoffAnswer, { kind: 'committed' }>): SwitchoverResult {
  return {
    qemuDowntimeMs: info.downtimeMs ?? 0,
    qemuTotalMs: info.totalTimeMs ?? 0,
    setupMs: info.setupTimeMs ?? 0,
    blackout: {
      stopMs: round(t.seenAtMs - t.stoppedAtMs),
      mirrorFinishMs: round(t.mirrorsFinishedAtMs - t.seenAtMs),
      finalStateMs: round(t.completedAtMs - t.mirrorsFinishedAtMs),
      handoverMs: round(t.handedOverAtMs - t.completedAtMs),
      commitMs: answer.commitMs,
      resumeMs: answer.resumeMs,
      totalMs: round(t.answeredAtMs - t.stoppedAtMs),
    },
    ramBytes: info.ram?.transferred ?? 0,
    diskBytes: 0,
    rounds: info.ram?.dirtySyncCount ?? 0,
    pageBytes: info.ram?.pageSize ?? 4096,
    ...(answer.state === undefined ? {} : { targetState: answer.state }),
  };
}

const round = (ms: number): number => Math.round(ms * 100) / 100;
