/** Keys that change what a container is or how it is started, and which ferry follows. */
const ACTED_ON = [
  'arch', 'cores', 'cpulimit', 'cpuunits', 'entrypoint', 'features', 'hostname', 'lock', 'memory', 'ostype', 'protection', 'rootfs', 'swap', 'template', 'unprivileged',
];
/** Keys that concern other programs or only people: nothing about a running container hangs on them. */
const INERT = ['cmode', 'console', 'description', 'digest', 'onboot', 'parent', 'startup', 'tags', 'tty'];
const NUMBERED = /^(?:dev|mp|net|unused)\d+$/;

export const isKnownCtKey = (key: string): boolean => ACTED_ON.includes(key) || INERT.includes(key) || NUMBERED.test(key);
