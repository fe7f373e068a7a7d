import { guestIn } from '../../client/api/guest-word.js';

test.each([
  [{ restart: true }, 'CT 105'], [{ online: true }, 'VM 105'], [{ offlineShutdown: true }, 'VM 105'], [{ online: false }, 'guest 105'], [{}, 'guest 105'],
])('%j is about %s', (wishes, words) => {
  expect(guestIn({ vmid: 105, ...wishes })).toBe(words);
});
