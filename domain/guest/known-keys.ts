/** Keys that change what the guest is or how it is started, and which ferry follows. */
const ACTED_ON = [
  'args', 'agent', 'bios', 'boot', 'bootdisk', 'cores', 'cpu', 'kvm', 'lock', 'machine', 'memory', 'migrate_downtime', 'migrate_speed', 'name',
  'scsihw', 'smbios1', 'sockets', 'template', 'vcpus', 'vga', 'vmgenid',
];
/** Keys that concern other programs or only people: nothing about a running guest hangs on them. */
const INERT = ['description', 'digest', 'hotplug', 'meta', 'onboot', 'ostype', 'parent', 'protection', 'startup', 'tags', 'vmstatestorage'];
const NUMBERED = /^(?:scsi|virtio|sata|ide|net|serial|unused)\d+$/;

export const isKnownKey = (key: string): boolean => ACTED_ON.includes(key) || INERT.includes(key) || NUMBERED.test(key);
