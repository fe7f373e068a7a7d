/** What can keep a command from being carried out, apart from the migration's own outcome. */
export type ClientErrorKind = 'unreachable' | 'already-running' | 'not-found' | 'no-answer' | 'refused' | 'usage';

/** One sentence for the operator that ends in what to do next. Thrown by everything in `client/api`. */
export class ClientError extends Error {
  readonly kind: ClientErrorKind;

  constructor(kind: ClientErrorKind, sentence: string, cause?: unknown) {
    super(sentence, cause === undefined ? undefined : { cause });
    this.name = 'ClientError';
    this.kind = kind;
  }
}
