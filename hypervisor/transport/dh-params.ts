import { getDiffieHellman } from 'node:crypto';

/**
 * The parameters QEMU reads from `dh-params.pem` beside its keys. Without the file its TLS server looks for a safe prime of its own
 * when the credentials are made (crypto/tlscreds.c, `qcrypto_tls_creds_get_dh_params_file`): some hundred milliseconds for
 * numbers no handshake of TLS 1.3 uses. These are the 2048 bits of RFC 3526, group 14. PEM of PKCS #3 `DHParameter`.
 */
export function dhParamsPem(): string {
  const group = getDiffieHellman('modp14');
  const der = tlv(SEQUENCE, Buffer.concat([integer(group.getPrime()), integer(group.getGenerator())]));
  return `-----BEGIN DH PARAMETERS-----\n${der.toString('base64').replace(/(.{64})(?=.)/g, '$1\n')}\n-----END DH PARAMETERS-----\n`;
}

const SEQUENCE = 0x30;
const INTEGER = 0x02;

/** Positive: a first bit that is set would be read as a sign. */
const integer = (value: Buffer): Buffer => tlv(INTEGER, (value[0] ?? 0) < 0x80 ? value : Buffer.concat([Buffer.from([0]), value]));

function tlv(tag: number, value: Buffer): Buffer {
  const { length } = value;
  const head = length < 0x80 ? [tag, length] : length < 0x100 ? [tag, 0x81, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(head), value]);
}
