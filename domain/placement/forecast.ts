import type { EvacuationRequest, Forecast, GuestNeeds, MoveMode, NodeRoom, PastMove } from '../contracts/evacuation.js';
import { KIB, MIB } from '../units.js';
import { bytesToCopy } from './guest-load.js';

export interface ForecastInput {
  readonly guest: GuestNeeds;
  readonly mode: MoveMode;
  readonly source: NodeRoom | null;
  readonly target: NodeRoom;
  readonly request: Pick<EvacuationRequest, 'bwlimitKiBps'>;
  /** Moves that share the source's link. */
  readonly sharedBy: number;
}

/** Of a network nobody measured: gigabit Ethernet, as far as it gets. */
const UNKNOWN_LINK_BYTES_PER_SECOND = 112 * MIB;
/** Reservation, connections, clean-up. */
const FIXED_MS = 3000;
/** Handover and resume, without the last of the memory. */
const FIXED_BLACKOUT_MS = 50;
/** PVE's `migrate_downtime` (0.1 s), raised twice when a guest needs it: the last of the memory may take so long. */
const LAST_ROUND_MS = 400;
/** Memory that is rewritten faster than this part of the link never gets done without braking the guest. */
const CONVERGES_BELOW = 0.9;
/** Rounds in which a guest that is braked gets done, as times its memory is sent. */
const BRAKED_TIMES = 3;
/** A guest shuts down and starts. */
const STOP_MS = 15_000;
const START_MS = 10_000;
/** Of what was copied while it ran, about this part is copied again while it stands still. */
const RECOPIED = 0.02;
const PAST_CONSIDERED = 5;

/** How long a move takes and how long the guest is away, from its own past where there is one, else by what is known of it. */
export function forecastMove(input: ForecastInput): Forecast {
  const { guest, mode } = input;
  const past = (guest.past ?? []).filter((move) => move.mode === mode).slice(0, PAST_CONSIDERED);
  return past.length > 0 ? fromHistory(input, past) : computed(input);
}

/** What the slowest part of the way lets through, bytes per second. */
export function rateOf({ source, target, request, sharedBy }: Omit<ForecastInput, 'guest' | 'mode'>): number {
  const link = Math.min(source?.linkBytesPerSecond ?? UNKNOWN_LINK_BYTES_PER_SECOND, target.linkBytesPerSecond ?? UNKNOWN_LINK_BYTES_PER_SECOND);
  const share = link / Math.max(1, sharedBy);
  const limit = (request.bwlimitKiBps ?? 0) * KIB;
  return Math.max(1, limit > 0 ? Math.min(share, limit) : share);
}

/** It rewrites its memory too fast to get done without being braked. */
export const mayNotConverge = (input: ForecastInput): boolean =>
  input.mode === 'live' && (input.guest.dirtyBytesPerSecond ?? 0) >= CONVERGES_BELOW * rateOf(input);

function fromHistory({ guest, mode }: ForecastInput, past: readonly PastMove[]): Forecast {
  return {
    durationMs: median(past.map(({ totalMs }) => totalMs)), downtimeMs: median(past.map(({ downtimeMs }) => downtimeMs)),
    bytes: median(past.map(({ bytes }) => bytes)) || bytesToCopy(guest, mode), basis: 'history',
  };
}

function computed(input: ForecastInput): Forecast {
  const { guest, mode, source, target } = input;
  const rate = rateOf(input);
  const isMeasured = (source?.linkBytesPerSecond ?? null) !== null && target.linkBytesPerSecond !== null && (mode !== 'live' || guest.dirtyBytesPerSecond !== undefined);
  const basis = isMeasured ? 'measured' : 'estimate';
  const disks = guest.storages.reduce((sum, { bytes }) => sum + bytes, 0);
  const timeOf = (bytes: number): number => (bytes / rate) * 1000;
  if (mode !== 'live') {
    const downtimeMs = mode === 'offline' ? 0 : STOP_MS + timeOf(disks * RECOPIED) + START_MS;
    return { durationMs: round(FIXED_MS + timeOf(disks) + downtimeMs), downtimeMs: round(downtimeMs), bytes: round(disks * (mode === 'offline' ? 1 : 1 + RECOPIED)), basis };
  }
  // Without a measurement: a server at work, a twentieth of the link.
  const rewritten = (guest.dirtyBytesPerSecond ?? rate / 20) / rate;
  // While memory is sent, what the guest rewrites has to be sent again, and so on: a geometric series.
  const times = rewritten < CONVERGES_BELOW ? 1 / (1 - rewritten) : BRAKED_TIMES;
  const memory = guest.memoryBytes * Math.min(BRAKED_TIMES, times);
  const downtimeMs = FIXED_BLACKOUT_MS + LAST_ROUND_MS * Math.min(1, rewritten);
  return { durationMs: round(FIXED_MS + timeOf(memory + disks) + downtimeMs), downtimeMs: round(downtimeMs), bytes: round(memory + disks), basis };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const round = Math.round;
