/** An asynchronous report from QEMU. */
export interface QmpEvent {
  readonly event: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** QEMU's own wall clock, ms since 1970 with microseconds as fraction. */
  readonly qemuTimeMs: number;
  /** This process's monotonic clock (`performance.now()`) when the bytes arrived. */
  readonly receivedAtMs: number;
}

export interface QmpFailure {
  readonly class: string;
  readonly desc: string;
}

export type QmpMessage =
  | { readonly kind: 'greeting'; readonly outOfBand: boolean }
  | { readonly kind: 'event'; readonly event: QmpEvent }
  | { readonly kind: 'answer'; readonly id: number | null; readonly value: unknown }
  | { readonly kind: 'failure'; readonly id: number | null; readonly failure: QmpFailure }
  | { readonly kind: 'unknown' };

/** One line of QMP. Checked by hand, not by a schema: it is on the path of every event in the blackout. */
export function parseMessage(line: string, receivedAtMs: number): QmpMessage {
  const raw = parseObject(line);
  if (raw === null) return { kind: 'unknown' };
  const id = typeof raw['id'] === 'number' ? raw['id'] : null;
  if (typeof raw['event'] === 'string') {
    return { kind: 'event', event: { event: raw['event'], data: objectOf(raw['data']), qemuTimeMs: timeOf(objectOf(raw['timestamp'])), receivedAtMs } };
  }
  if ('return' in raw) return { kind: 'answer', id, value: raw['return'] };
  if ('error' in raw) {
    const error = objectOf(raw['error']);
    return { kind: 'failure', id, failure: { class: String(error['class']), desc: String(error['desc']) } };
  }
  if ('QMP' in raw) {
    const capabilities = objectOf(raw['QMP'])['capabilities'];
    return { kind: 'greeting', outOfBand: Array.isArray(capabilities) && capabilities.includes('oob') };
  }
  return { kind: 'unknown' };
}

function parseObject(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

const objectOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const timeOf = (stamp: Record<string, unknown>): number => Number(stamp['seconds']) * 1000 + Number(stamp['microseconds']) / 1000;
