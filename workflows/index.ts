export { checkMigration } from './check-migration.js';
export { cleanUpNodes } from './clean-up-nodes.js';
export { migrateGuest } from './migrate-guest.js';
export { reconcileCluster } from './reconcile-cluster.js';
export { slotLedger } from './slots/slot-ledger.js';
export { settleMigration } from './settle-migration.js';
