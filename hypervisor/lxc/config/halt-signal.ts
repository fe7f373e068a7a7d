/** PVE's os types whose init is systemd, which powers off on SIGRTMIN+4 (systemd(1), signals). */
const SYSTEMD = ['archlinux', 'centos', 'debian', 'fedora', 'nixos', 'opensuse', 'ubuntu'];

/** What tells a container's init to halt. SIGPWR is understood by sysvinit and busybox; a config's own `lxc.signal.halt` stands above it. */
export const haltSignal = (ostype: string): string => (SYSTEMD.includes(ostype) ? 'SIGRTMIN+4' : 'SIGPWR');
