export { checkMigration } from './check-migration.js';
export { cleanUpNodes } from './clean-up-nodes.js';
export { evacuateNode } from './evacuate-node.js';
export { migrateGuest } from './migrate-guest.js';
export { reconcileCluster } from './reconcile-cluster.js';
export { returnHome } from './return-home.js';
export { settleMigration } from './settle-migration.js';
export { uncordonNode } from './uncordon-node.js';
