import { createHash } from 'node:crypto';

/** What a frame is. Its head is small and checked; its body, if any, is checked by who knows what it is. */
export const FRAME = {
  message: 1,
  failed: 2,
  alive: 3,
  chunk: 4,
  answer: 5,
  digests: 6,
  data: 7,
  end: 8,
} as const;

/** Kind 1, head length 4, body length 4, check of all that and of the head 8. */
export const FRAME_BYTES = 17;
const CHECKED_BYTES = 9;
const MAX_HEAD_BYTES = 256 * 1024;
const MAX_BODY_BYTES = 8 * 1024 * 1024;

export interface FrameStart {
  readonly kind: number;
  readonly headBytes: number;
  readonly bodyBytes: number;
  readonly check: Buffer;
}

export function frameStart(kind: number, head: Buffer, bodyBytes: number): Buffer {
  const start = Buffer.allocUnsafe(FRAME_BYTES);
  start.writeUInt8(kind, 0);
  start.writeUInt32BE(head.length, 1);
  start.writeUInt32BE(bodyBytes, 5);
  checkOf(start, head).copy(start, CHECKED_BYTES);
  return start;
}

/** null: this is no frame's beginning. A length that was damaged on the way must not make anybody wait for gigabytes. */
export function parseFrameStart(start: Buffer): FrameStart | null {
  const [kind, headBytes, bodyBytes] = [start.readUInt8(0), start.readUInt32BE(1), start.readUInt32BE(5)];
  if (headBytes > MAX_HEAD_BYTES || bodyBytes > MAX_BODY_BYTES) return null;
  return { kind, headBytes, bodyBytes, check: start.subarray(CHECKED_BYTES) };
}

export const isSound = (start: Buffer, head: Buffer): boolean => checkOf(start, head).equals(start.subarray(CHECKED_BYTES));

const checkOf = (start: Buffer, head: Buffer): Buffer =>
  createHash('sha256').update(start.subarray(0, CHECKED_BYTES)).update(head).digest().subarray(0, FRAME_BYTES - CHECKED_BYTES);
