/** The names the workflows and their messages go by at the server. Strings, so that the client loads no workflow code. */
export const MIGRATE_WORKFLOW = 'migrateGuest';
export const CHECK_WORKFLOW = 'checkMigration';
export const PLAN_WORKFLOW = 'planEvacuation';
export const RECONCILE_WORKFLOW = 'reconcileCluster';
/** Ends what a migration left whose own workflow is closed; reports as one. */
export const SETTLE_WORKFLOW = 'settleMigration';
export const SLOT_LEDGERS_WORKFLOW = 'slotLedgers';
export const SLOTS_QUERY = 'slots';
export const SET_LIMITS_UPDATE = 'setLimits';
export const PROGRESS_QUERY = 'progress';
export const SET_DOWNTIME_BUDGET_UPDATE = 'setDowntimeBudget';
export const SET_BANDWIDTH_UPDATE = 'setBandwidth';
export const CONFIRM_FENCED_UPDATE = 'confirmFenced';
export const RETRY_NOW_UPDATE = 'retryNow';
export const GIVE_UP_UPDATE = 'giveUp';
export const EVACUATE_WORKFLOW = 'evacuateNode';
export const RETURN_WORKFLOW = 'returnHome';
export const UNCORDON_WORKFLOW = 'uncordonNode';
export const ROLL_WORKFLOW = 'rollNodes';
export const EVACUATION_QUERY = 'evacuation';
export const ROLL_QUERY = 'roll';
