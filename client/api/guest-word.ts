import type { MigrateRequest } from '../../domain/contracts/request.js';

/** What a request says of the kind of its guest, before anybody has looked: `CT 201`, `VM 101`, `guest 105`. */
export function guestIn({ vmid, restart, online, offlineShutdown }: Pick<MigrateRequest, 'vmid' | 'restart' | 'online' | 'offlineShutdown'>): string {
  if (restart === true) return `CT ${vmid}`;
  return online === true || offlineShutdown === true ? `VM ${vmid}` : `guest ${vmid}`;
}
