import { startFailure } from '../../../hypervisor/lxc/process/failure.js';

/** Logs and outputs as LXC 5.0.2 wrote them. */
const log = (...said: string[]): string => [...said, 'An error occurred in another process (expected sequence number 7)', 'Failed to spawn container "120"']
  .map((words) => `lxc-start 120 20261127064719.584 ERROR    start - ../src/lxc/start.c:start:2197 - ${words}\n`).join('');
const OUTPUT = `lxc-start: 120: ../src/lxc/lxccontainer.c: wait_on_daemonized_start: 878 Received container state "ABORTING" instead of "RUNNING"
lxc-start: 120: ../src/lxc/tools/lxc_start.c: main: 306 The container failed to start
lxc-start: 120: ../src/lxc/tools/lxc_start.c: main: 309 To get more details, run the container in foreground mode
`;

test.each([
  ['the first error is the cause', log('No such file or directory - Failed to exec "/sbin/nope"'), OUTPUT, { cause: 'Failed to exec "/sbin/nope": No such file or directory', isLeftover: false }],
  ['a name that is still taken', log('File exists - Failed to create veth pair "veth120i0" and "veth8FcW1z"', 'File exists - Failed to create network device'), OUTPUT,
    { cause: 'Failed to create veth pair "veth120i0" and "veth8FcW1z": File exists', isLeftover: true }],
  ['an error without a number', log('Failed to set up the moon'), OUTPUT, { cause: 'Failed to set up the moon', isLeftover: false }],
  ['a config that LXC does not take: no log yet', '', `lxc-start: 120: ../src/lxc/confile.c: set_config_unsupported_key: 164 Invalid argument - Unsupported config key "lxc.bogus"\n${OUTPUT}`,
    { cause: 'Unsupported config key "lxc.bogus": Invalid argument', isLeftover: false }],
  ['nothing at all', '', OUTPUT, { cause: 'LXC gives no reason', isLeftover: false }],
])('%s', (_title, written, output, expected) => {
  expect(startFailure(written, output)).toEqual(expected);
});
