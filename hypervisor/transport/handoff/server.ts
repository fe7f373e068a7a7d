import type { Duplex } from 'node:stream';
import { MigrationError, messageOf } from '../../../domain/errors.js';
import type { Endpoint } from '../../../domain/contracts/endpoint.js';
import type { EpochRef } from '../../../domain/ids.js';
import type { ListenOn } from '../listen-spec.js';
import { openJsonLines, type JsonLines } from './json-lines.js';
import { listenOn } from './listen.js';
import { ClientMessage, type HandoffAnswer, type HandoverStatement, type ServerMessage } from './messages.js';
import { newNonce, proofOf, proves } from './secret.js';

export interface HandoffServerOptions extends EpochRef {
  readonly listen: ListenOn;
  /** `tls`: the secret is TLS's pre-shared key. `challenge`: both sides prove it in clear. `none`: the socket's mode and ssh are enough. */
  readonly protection: 'none' | 'challenge' | 'tls';
  /** Hex; null only with `none`. */
  readonly secret: string | null;
  /** The source's disks are all here; called once. */
  onMirrorsFinished?(): void;
  /** Called again for a repeated HANDOVER only while there is no decision, when a commit was not finished, or when it threw. */
  onHandover(statement: HandoverStatement): Promise<HandoffAnswer>;
}

export interface HandoffServer {
  readonly endpoint: Endpoint;
  /** When the source was last heard of, or else listening began (`performance.now()`). */
  readonly heardAtMs: number;
  close(): Promise<void>;
}

/**
 * The target's end of a migration's handoff channel. Every connection that is armed may say HANDOVER; one that has the
 * wrong epoch, guest or secret, or sends garbage, is closed. Throws `TransportFailed` when it can't listen.
 */
export async function createHandoffServer(options: HandoffServerOptions): Promise<HandoffServer> {
  const { secret, protection } = options;
  if (protection !== 'none' && secret === null) throw new MigrationError('Internal', `listen failed: handoff of VM ${options.vmid}: ${protection} without a secret`);
  const open = new Set<JsonLines<ServerMessage>>();
  const once = shared(options);
  let heardAtMs = performance.now();
  const listener = await listenOn(options.listen, protection === 'tls' ? secret : null, (stream) => {
    const lines = serve(stream, options, once, protection === 'challenge' ? secret : null, () => open.delete(lines), () => { heardAtMs = performance.now(); });
    open.add(lines);
  });
  return {
    endpoint: listener.endpoint,
    get heardAtMs() { return heardAtMs; },
    async close() {
      await Promise.all([...open].map((lines) => lines.close()));
      await listener.close();
    },
  };
}

interface Shared {
  mirrorsFinished(): void;
  answer(statement: HandoverStatement): Promise<HandoffAnswer>;
}

function serve(stream: Duplex, expected: EpochRef, shared: Shared, secret: string | null, onClose: () => void, onHeard: () => void): JsonLines<ServerMessage> {
  let step: 'challenge' | 'proof' | 'hello' | 'armed' = secret === null ? 'hello' : 'challenge';
  let nonces = { source: '', target: '' };
  const deny = (reason: string): void => {
    onClose();
    void lines.close({ type: 'denied', reason });
  };
  const lines = openJsonLines<ClientMessage, ServerMessage>(stream, {
    schema: ClientMessage,
    onClose,
    onMessage(message) {
      if (step === 'armed') onHeard();
      if (message.type === 'challenge' && step === 'challenge' && secret !== null) {
        nonces = { source: message.nonce, target: newNonce() };
        step = 'proof';
        lines.send({ type: 'challenge', nonce: nonces.target, mac: proofOf(secret, 'target', nonces) });
      } else if (message.type === 'proof' && step === 'proof' && secret !== null) {
        if (!proves(message.mac, secret, 'source', nonces)) return deny('the secret is not the one of this migration');
        step = 'hello';
      } else if (message.type === 'hello' && step === 'hello') {
        const wrong = mismatch(message, expected);
        if (wrong !== null) return deny(wrong);
        step = 'armed';
        lines.send({ type: 'armed' });
      } else if (step !== 'armed') {
        deny(`${message.type} came before ${step}`);
      } else if (message.type === 'ping') {
        lines.send({ type: 'pong' });
      } else if (message.type === 'mirrors-finished') {
        shared.mirrorsFinished();
      } else if (message.type === 'handover') {
        shared.answer(message.statement).then((answer) => lines.send({ type: 'answer', answer }), (error: unknown) => deny(messageOf(error)));
      } else {
        deny(`${message.type} is not expected any more`);
      }
    },
  });
  return lines;
}

const mismatch = (said: EpochRef, expected: EpochRef): string | null =>
  said.vmid === expected.vmid && said.epoch === expected.epoch ? null
    : `this is the handoff of VM ${expected.vmid}, epoch ${expected.epoch}, not of VM ${said.vmid}, epoch ${said.epoch}`;

/** What happens once per migration, however many connections ask for it. */
function shared({ onMirrorsFinished, onHandover }: HandoffServerOptions): Shared {
  let finished = false;
  let answering: Promise<HandoffAnswer> | null = null;
  const ask = async (statement: HandoverStatement): Promise<HandoffAnswer> => {
    let decided = false;
    try {
      const answer = await onHandover(statement);
      decided = answer.kind === 'committed' || answer.decision === 'aborted';
      return answer;
    } finally {
      if (!decided) answering = null;
    }
  };
  return {
    mirrorsFinished() {
      if (!finished) onMirrorsFinished?.();
      finished = true;
    },
    answer: (statement) => (answering ??= ask(statement)),
  };
}
