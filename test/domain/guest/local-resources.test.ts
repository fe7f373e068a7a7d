import { localResources } from '../../../domain/guest/local-resources.js';

describe('localResources', () => {
  it.each([
    ['hostpci0', '0000:01:00.0,pcie=1', 'local'], ['hostpci0', 'host=01:00', 'local'], ['hostpci1', 'mapping=gpu', 'mapped'],
    ['usb0', 'host=1234:5678', 'local'], ['usb0', '1-2', 'local'], ['usb0', 'spice', 'none'], ['usb0', 'host=SPICE,usb3=1', 'none'], ['usb3', 'mapping=stick', 'mapped'],
    ['serial0', 'socket', 'none'], ['serial0', '/dev/ttyS0', 'local'], ['parallel0', '/dev/parport0', 'local'],
    ['virtiofs0', 'dirid=data,cache=always', 'mapped'], ['virtiofs0', 'data', 'mapped'], ['virtiofs0', 'cache=always', 'local'],
    ['ivshmem', 'size=32', 'local'], ['hostusb', 'x', 'local'], ['hostpci', 'x', 'local'],
    ['scsi0', 'local:1/a', 'none'], ['net0', 'virtio', 'none'], ['name', 'usb0', 'none'],
  ])('%s: %s is %s', (key, value, kind) => {
    expect(localResources({ values: { [key]: value } })).toEqual({ local: kind === 'local' ? [key] : [], mapped: kind === 'mapped' ? [key] : [] });
  });

  it('lists all of them, sorted', () => {
    expect(localResources({ values: { usb1: '1-2', hostpci0: '01:00', usb0: 'mapping=a', parallel0: '/dev/p' } })).toEqual({ local: ['hostpci0', 'parallel0', 'usb1'], mapped: ['usb0'] });
  });
});
