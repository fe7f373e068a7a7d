/** One pair of moves: over which transport, and who moves first. */
export interface Turn<Transport> {
  readonly transport: Transport;
  readonly first: 'bare' | 'ferry';
  /** From 1. */
  readonly pair: number;
}

/**
 * In which order the pairs are made. Every move takes the guest one node further, so with a fixed order one side would always have the same
 * two nodes, with what their kernels remember of each other: each round begins with another transport, and the sides change who is first.
 */
export const turnsOf = <Transport>(transports: readonly Transport[], pairs: number): readonly Turn<Transport>[] =>
  Array.from({ length: pairs }, (_, round) => [...transports.slice(round % transports.length), ...transports.slice(0, round % transports.length)]
    .map((transport): Turn<Transport> => ({ transport, first: round % 2 === 0 ? 'bare' : 'ferry', pair: round + 1 }))).flat();
