import { EventEmitter } from 'node:events';
import type { Duplex } from 'node:stream';
import { MigrationError, messageOf } from '../../../domain/errors.js';
import type { EpochRef } from '../../../domain/ids.js';
import { openJsonLines, type JsonLines } from './json-lines.js';
import { ServerMessage, type ClientMessage, type HandoffAnswer, type HandoverStatement } from './messages.js';
import { newNonce, proofOf, proves } from './secret.js';
import { showsLife } from './sign-of-life.js';

export type { HandoffAnswer, HandoverStatement };

export interface HandoffClientOptions extends EpochRef {
  /** Connects anew; each attempt has to end by itself. */
  dial(): Promise<Duplex>;
  /** Hex: both sides prove it before anything else is said. null: the connection itself is trusted (ssh, TLS). */
  readonly secret: string | null;
}

/** The source's end of a migration's handoff channel. It reconnects by itself until it is closed. */
export interface HandoffClient {
  /** The target agent answered within the last 2.5 s and would take a HANDOVER. */
  readonly armed: boolean;
  /** Why it is not armed, when an attempt failed. */
  readonly trouble?: MigrationError | undefined;
  /** When the target's host last showed life on this channel, if only by a refusal (`performance.now()`). Before that: when the channel was made. */
  readonly heardAtMs: number;
  /** Called each time it becomes armed; returns its unsubscribe. */
  onArmed(fn: () => void): () => void;
  /** Called each time it stops being armed (`trouble` says why); returns its unsubscribe. */
  onLost(fn: () => void): () => void;
  /** Tells the target, now or as soon as it is armed again, that the disks are complete. */
  mirrorsFinished(): void;
  /** Sends HANDOVER in this tick if armed, and again after each reconnect until an answer comes. Rejects (`TransportFailed`) only when closed. */
  handOver(statement: HandoverStatement): Promise<HandoffAnswer>;
  close(): Promise<void>;
}

const PING_MS = 500;
const MIN_BACKOFF_MS = 100;
const MAX_BACKOFF_MS = 1000;

export function createHandoffClient({ dial, epoch, vmid, secret }: HandoffClientOptions): HandoffClient {
  const events = new EventEmitter();
  let lines: JsonLines<ClientMessage> | null = null;
  let armed = false;
  let trouble: MigrationError | undefined;
  let closed = false;
  let mirrorsFinished = false;
  let handover: Handover | null = null;
  let backoffMs = MIN_BACKOFF_MS;
  let retry: NodeJS.Timeout | undefined;
  let ping: NodeJS.Timeout | undefined;
  let heardAtMs = performance.now();
  const heard = (): void => { heardAtMs = performance.now(); };

  const lose = (cause: unknown): void => {
    clearInterval(ping);
    const wasArmed = armed;
    armed = false;
    lines = null;
    if (closed) return;
    trouble = new MigrationError('TransportFailed', `handoff channel lost: VM ${vmid}: ${messageOf(cause)}`, { vmid, epoch }, cause);
    retry = setTimeout(() => void connect(), backoffMs);
    backoffMs = Math.min(2 * backoffMs, MAX_BACKOFF_MS);
    if (wasArmed) events.emit('lost');
  };

  const arm = (connection: JsonLines<ClientMessage>): void => {
    armed = true;
    trouble = undefined;
    ping = setInterval(() => connection.send({ type: 'ping' }), PING_MS);
    if (mirrorsFinished) connection.send({ type: 'mirrors-finished' });
    if (handover !== null) connection.send({ type: 'handover', statement: handover.statement });
    events.emit('armed');
  };

  const talk = (stream: Duplex): void => {
    const nonce = newNonce();
    const giveUp = (cause: string): void => {
      void connection.close();
      lose(cause);
    };
    const connection = openJsonLines<ServerMessage, ClientMessage>(stream, {
      schema: ServerMessage,
      onClose(cause, lives) {
        if (lives) heard();
        lose(cause);
      },
      onMessage(message) {
        heard();
        if (message.type === 'denied') return giveUp(`the target denied: ${message.reason}`);
        if (message.type === 'challenge' && secret !== null && !armed) {
          const nonces = { source: nonce, target: message.nonce };
          if (!proves(message.mac, secret, 'target', nonces)) return giveUp('the peer does not know the secret of this migration');
          connection.send({ type: 'proof', mac: proofOf(secret, 'source', nonces) });
          connection.send({ type: 'hello', epoch, vmid });
          proven = true;
        } else if (message.type === 'armed' && proven && !armed) {
          arm(connection);
        } else if (message.type === 'answer' && armed) {
          handover?.resolve(message.answer);
          handover = null;
        } else if (message.type === 'pong' && armed) {
          backoffMs = MIN_BACKOFF_MS;
        } else {
          giveUp(`${message.type} came out of turn`);
        }
      },
    });
    let proven = secret === null;
    lines = connection;
    connection.send(secret === null ? { type: 'hello', epoch, vmid } : { type: 'challenge', nonce });
  };

  const connect = async (): Promise<void> => {
    try {
      const stream = await dial();
      if (closed) stream.on('error', () => undefined).destroy();
      else talk(stream);
    } catch (error) {
      if (showsLife(error)) heard();
      lose(error);
    }
  };

  void connect();
  return {
    get armed() { return armed; },
    get trouble() { return trouble; },
    get heardAtMs() { return heardAtMs; },
    onArmed: (fn) => subscribe(events, 'armed', fn),
    onLost: (fn) => subscribe(events, 'lost', fn),
    mirrorsFinished() {
      mirrorsFinished = true;
      if (armed) lines?.send({ type: 'mirrors-finished' });
    },
    handOver(statement) {
      if (closed) return Promise.reject(isClosed(vmid));
      if (handover === null) {
        handover = newHandover(statement);
        if (armed) lines?.send({ type: 'handover', statement });
      }
      return handover.answer;
    },
    async close() {
      closed = true;
      clearTimeout(retry);
      const connection = lines;
      lose('closed');
      handover?.reject(isClosed(vmid));
      handover = null;
      await connection?.close();
    },
  };
}

interface Handover {
  readonly statement: HandoverStatement;
  readonly answer: Promise<HandoffAnswer>;
  resolve(answer: HandoffAnswer): void;
  reject(error: MigrationError): void;
}

function newHandover(statement: HandoverStatement): Handover {
  let settle: Pick<Handover, 'resolve' | 'reject'> | undefined;
  const answer = new Promise<HandoffAnswer>((resolve, reject) => { settle = { resolve, reject }; });
  return { statement, answer, resolve: (value) => settle?.resolve(value), reject: (error) => settle?.reject(error) };
}

const isClosed = (vmid: number): MigrationError => new MigrationError('TransportFailed', `hand over failed: VM ${vmid}: the channel was closed before an answer came`);

function subscribe(events: EventEmitter, event: 'armed' | 'lost', fn: () => void): () => void {
  events.on(event, fn);
  return () => events.off(event, fn);
}
