import type { LiveFigures } from '../../../domain/contracts/progress.js';

/** What the stand-in's node activity reports. */
export const LIVE_FIGURES: LiveFigures = {
  phase: 'precopy', doneBytes: 300 * 1024 ** 2, totalBytes: 1000 * 1024 ** 2, remainingBytes: 250 * 1024 ** 2,
  rateBytesPerSecond: 100 * 1024 ** 2, dirtyBytesPerSecond: 20 * 1024 ** 2, round: 3, etaSeconds: 4,
};
