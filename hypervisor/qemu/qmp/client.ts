import type { Socket } from 'node:net';
import { MigrationError } from '../../../domain/errors.js';
import { connectSocket } from './connect.js';
import { parseMessage, type QmpEvent, type QmpFailure } from './message.js';

export type { QmpEvent } from './message.js';

const DEFAULT_COMMAND_TIMEOUT_MS = 30_000;

export interface ConnectOptions {
  /** For socket, greeting and negotiation together, ms. */
  readonly timeoutMs: number;
}

export interface ExecuteOptions {
  /** Longest wait for the answer, ms (default 30 000). The command itself is not taken back. */
  readonly timeoutMs?: number;
  /** Overtakes commands that block QEMU's main loop; only some commands may (`migrate-recover`, `migrate-pause`). */
  readonly outOfBand?: boolean;
}

interface Pending {
  readonly resolve: (value: unknown) => void;
  readonly fail: (failure: QmpFailure) => void;
}

/**
 * One QMP conversation. Commands may overlap; events reach listeners synchronously, in order, before anything that
 * follows them on the wire. A QMP socket serves one client at a time: whoever holds it shuts everyone else out.
 */
export class QmpClient {
  readonly #socket: Socket;
  readonly #pending = new Map<number, Pending>();
  readonly #eventListeners = new Set<(event: QmpEvent) => void>();
  readonly #closeListeners = new Set<() => void>();
  #greeted: (() => void) | null = null;
  #outOfBand = false;
  #nextId = 1;
  #unread = '';
  #closed = false;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => this.#onData(chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => this.#onClosed());
  }

  /**
   * Connects, waiting for a socket that is not there yet, and negotiates. Throws `QmpError` when that takes longer than
   * `timeoutMs`: QEMU is gone, stands still, or talks to another client on this socket.
   */
  static async connect(socketPath: string, { timeoutMs }: ConnectOptions): Promise<QmpClient> {
    const deadlineMs = performance.now() + timeoutMs;
    const client = new QmpClient(await connectSocket(socketPath, timeoutMs));
    try {
      await client.#greeting(socketPath, deadlineMs - performance.now());
      await client.execute('qmp_capabilities', client.#outOfBand ? { enable: ['oob'] } : {}, { timeoutMs: Math.max(1, deadlineMs - performance.now()) });
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The command's `return` value. Throws `QmpError` with facts `class`, `desc`, `command`. */
  execute(command: string, args?: Readonly<Record<string, unknown>>, options: ExecuteOptions = {}): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const fail = (failure: QmpFailure): void => reject(qmpError(command, failure));
      if (this.#closed) return fail(CONNECTION_CLOSED);
      const id = this.#nextId++;
      const timeoutMs = options.timeoutMs ?? DEFAULT_COMMAND_TIMEOUT_MS;
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        fail({ class: 'Timeout', desc: `no answer within ${timeoutMs} ms` });
      }, timeoutMs);
      this.#pending.set(id, {
        resolve: (value) => { clearTimeout(timer); resolve(value); },
        fail: (failure) => { clearTimeout(timer); fail(failure); },
      });
      const verb = options.outOfBand === true && this.#outOfBand ? 'exec-oob' : 'execute';
      this.#socket.write(`${JSON.stringify({ [verb]: command, arguments: args, id })}\n`);
    });
  }

  /** Calls `listener` with every later event, synchronously on arrival. Returns the unsubscribe. */
  onEvent(listener: (event: QmpEvent) => void): () => void {
    this.#eventListeners.add(listener);
    return () => this.#eventListeners.delete(listener);
  }

  /** The first later event that fits. Rejects with whatever `matches` throws, or `QmpError` on timeout or close. */
  waitForEvent(matches: (event: QmpEvent) => boolean, timeoutMs: number): Promise<QmpEvent> {
    return new Promise((resolve, reject) => {
      const stops: (() => void)[] = [];
      const settle = (act: () => void): void => {
        for (const stop of stops) stop();
        act();
      };
      const fail = (failure: QmpFailure): void => settle(() => reject(qmpError('event', failure)));
      const timer = setTimeout(() => fail({ class: 'Timeout', desc: `did not come within ${timeoutMs} ms` }), timeoutMs);
      stops.push(() => clearTimeout(timer));
      stops.push(this.onEvent((event) => {
        try {
          if (matches(event)) settle(() => resolve(event));
        } catch (error) {
          settle(() => reject(error instanceof Error ? error : new Error(String(error))));
        }
      }));
      stops.push(this.onClose(() => fail(CONNECTION_CLOSED)));
    });
  }

  /** Calls `listener` once when the connection ends, at once if it has. Returns the unsubscribe. */
  onClose(listener: () => void): () => void {
    if (this.#closed) {
      listener();
      return () => undefined;
    }
    this.#closeListeners.add(listener);
    return () => this.#closeListeners.delete(listener);
  }

  /** Hangs up; QEMU goes on. Commands without an answer are rejected. */
  close(): void {
    this.#socket.destroy();
    this.#onClosed();
  }

  #greeting(socketPath: string, timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => settle('no greeting in time: QEMU stands still or talks to another client'), Math.max(1, timeoutMs));
      const stop = this.onClose(() => settle('QEMU closed the connection'));
      this.#greeted = () => settle(null);
      function settle(cause: string | null): void {
        clearTimeout(timer);
        stop();
        if (cause === null) resolve();
        else reject(new MigrationError('QmpError', `connect to QMP failed: ${socketPath}: ${cause}`, { socketPath }));
      }
    });
  }

  #onData(chunk: string): void {
    const receivedAtMs = performance.now();
    const lines = (this.#unread + chunk).split('\n');
    this.#unread = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') this.#onLine(line, receivedAtMs);
  }

  #onLine(line: string, receivedAtMs: number): void {
    const message = parseMessage(line, receivedAtMs);
    switch (message.kind) {
      case 'event':
        for (const listener of [...this.#eventListeners]) listener(message.event);
        return;
      case 'answer':
        this.#take(message.id)?.resolve(message.value);
        return;
      case 'failure':
        this.#take(message.id)?.fail(message.failure);
        return;
      case 'greeting':
        this.#outOfBand = message.outOfBand;
        this.#greeted?.();
        return;
      case 'unknown':
        this.#socket.destroy();
        return;
    }
  }

  #take(id: number | null): Pending | undefined {
    if (id === null) return undefined;
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    return pending;
  }

  #onClosed(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const pending of this.#pending.values()) pending.fail(CONNECTION_CLOSED);
    this.#pending.clear();
    for (const listener of [...this.#closeListeners]) listener();
    this.#closeListeners.clear();
  }
}

const CONNECTION_CLOSED: QmpFailure = { class: 'ConnectionClosed', desc: 'the connection to QEMU is closed' };

const qmpError = (command: string, failure: QmpFailure): MigrationError =>
  new MigrationError('QmpError', `QMP ${command} failed: ${failure.desc}`, { ...failure, command });
