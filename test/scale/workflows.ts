import { useTimings } from '../../workflows/timings.js';

/** The spans of production, so that a busy machine loses nothing; only the pauses that a healthy roll makes are short. */
useTimings({ returnPauseMs: 200, provePauseMs: 100 });

export * from '../../workflows/index.js';
