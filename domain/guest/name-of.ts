import type { MigrationPlan } from '../contracts/plan.js';

/** `vm 101`, `ct 201`: how a guest is called in sentences. */
export const nameOf = (plan: MigrationPlan): string => `${plan.mode !== 'live' && plan.kind === 'lxc' ? 'ct' : 'vm'} ${plan.vmid}`;
