export { checkMigration } from './check-migration.js';
export { migrateGuest } from './migrate-guest.js';
