import { armedNote } from '../../activities/target/target-activities.js';

test.each([
  ['nobody listens here', null, null],
  ['the source speaks', 400, null],
  ['the source dials again after a short break', 4900, null],
  ['the source is mute', 12_000, { note: 'the target is armed, but nothing was heard from pve1 for 12.0 s' }],
])('%s', (_title, silentMs, note) => {
  expect(armedNote(silentMs, 'pve1')).toEqual(note);
});
