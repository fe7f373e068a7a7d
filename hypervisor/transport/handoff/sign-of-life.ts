/**
 * Whether a failed attempt to talk shows that the peer's host lives: it refused, or it hung up. Only its agent is away then,
 * while a cut network or a hanging node answers nothing at all.
 */
export function showsLife(error: unknown): boolean {
  for (let at = error; at instanceof Error; at = at.cause) {
    if (ANSWERS.has((at as NodeJS.ErrnoException).code ?? '') || isRefusedChannel(at)) return true;
  }
  return false;
}

const ANSWERS = new Set(['ECONNREFUSED', 'ECONNRESET']);

/** ssh2: the server's SSH_MSG_CHANNEL_OPEN_FAILURE (RFC 4254, 5.1) comes with its reason code. */
const isRefusedChannel = (error: Error): boolean => typeof (error as { readonly reason?: unknown }).reason === 'number';
