import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

export interface OwnMemory {
  /** Where the next bytes go. It belongs to the stream until they have come. */
  next(): Buffer;
  /** So many bytes came, at the beginning of `into`. */
  took(bytes: number, into: Buffer): void;
}

/**
 * Has a socket read into memory of ours, as `onread` of `net.connect` does; Node offers nothing like it to whoever accepts. Left to itself
 * it makes 64 KiB of new memory for each read, and after every 64 MiB V8 looks through the whole heap for what of it is free: half of the
 * time of receiving, more in an agent with a large heap. False: not a socket, or Node is made differently by now; then `data` has it all.
 */
export function readIntoOwn(stream: Duplex, { next, took }: OwnMemory): boolean {
  if (!(stream instanceof Socket) || stream.connecting) return false;
  const inner = stream as unknown as Record<symbol, unknown> & { readonly _handle?: { useUserBuffer?(buffer: Buffer): void } | null };
  const [buffer, callback, generator] = ['kBuffer', 'kBufferCb', 'kBufferGen'].map((name) => Object.getOwnPropertySymbols(stream).find(({ description }) => description === name));
  if (buffer === undefined || callback === undefined || generator === undefined || typeof inner._handle?.useUserBuffer !== 'function') return false;
  const first = next();
  inner[buffer] = first;
  inner[callback] = took;
  inner[generator] = next;
  inner._handle.useUserBuffer(first);
  return true;
}
