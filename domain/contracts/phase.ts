export const PHASES = [
  'validating', 'queued', 'reserving', 'diskSync', 'precopy', 'switchover', 'verifying', 'cleanup', 'completed',
  'deciding', 'rollingBack', 'rolledBack', 'needsOperator', 'refused',
] as const;
export type Phase = (typeof PHASES)[number];
