/** The library the `ferry` command is made of: start, watch, steer and read migrations from a program. */
export { connectTemporal, workflowUrl, type FerryClient } from './connection.js';
export { ClientError, type ClientErrorKind } from './errors.js';
export { startMigration, type StartedMigration } from './api/start.js';
export { watchMigration, type Watched, type WatchOptions } from './api/watch.js';
export { cancelMigration } from './api/cancel.js';
export { steerMigration, type SteerWishes } from './api/steer.js';
export { tellMigration, type OperatorsWord } from './api/operator.js';
export { checkMigration } from './api/check.js';
export { planEvacuation } from './api/plan.js';
export { listMigrations, type ListedMigration, type ListOptions } from './api/list.js';
export { showMigration, type ShownMigration } from './api/show.js';
export { awaitSettled, reconcile, type ReconcileWishes, type Settled } from './api/reconcile.js';
export { listSlots, setSlots, showSlots, type SlotPlace } from './api/slots.js';
export type { Ending } from './api/outcome.js';
export type { ProgressView } from './view.js';
