import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

/** Who speaks with the peer: a proof of one side is worth nothing from the other. */
export type Side = 'source' | 'target';

export interface Nonces {
  readonly source: string;
  readonly target: string;
}

export const newNonce = (): string => randomBytes(32).toString('hex');

/** Proof that `side` knows the secret (hex), good for this pair of nonces only. Hex. */
export const proofOf = (secret: string, side: Side, nonces: Nonces): string =>
  createHmac('sha256', Buffer.from(secret, 'hex')).update(`ferry handoff ${side} ${nonces.source} ${nonces.target}`).digest('hex');

export const proves = (mac: string, secret: string, side: Side, nonces: Nonces): boolean =>
  timingSafeEqual(Buffer.from(mac, 'hex'), Buffer.from(proofOf(secret, side, nonces), 'hex'));

export const PSK_IDENTITY = 'ferry';

/** TLS 1.3 with the secret as pre-shared key: both sides prove it, and the session keys are new each time. */
export const TLS_OPTIONS = {
  minVersion: 'TLSv1.3',
  maxVersion: 'TLSv1.3',
  // An external PSK is bound to SHA-256, so the cipher has to be one of that hash.
  ciphers: 'TLS_AES_128_GCM_SHA256',
} as const;
