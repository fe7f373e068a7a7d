import { findHierarchies } from '../../lab/cgroups.js';
import { layoutOf } from '../../lab/layout.js';

const layout = layoutOf('/tmp/lab', { FERRY_HOME: '/project' });
const own = layout.cgroupName;

test('on a machine with both cgroup versions, each hierarchy has the lab below the caller', () => {
  const mountinfo = `23 1 0:21 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755
24 23 0:22 / /sys/fs/cgroup/cpu,cpuacct rw,relatime - cgroup cgroup rw,cpu,cpuacct
25 23 0:23 / /sys/fs/cgroup/freezer rw - cgroup cgroup rw,freezer
26 23 0:24 / /sys/fs/cgroup/systemd rw - cgroup cgroup rw,name=systemd
27 23 0:25 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw
28 23 0:26 / /sys/fs/cgroup/hugetlb rw - cgroup cgroup rw,hugetlb
`;
  const membership = '4:name=systemd:/\n3:freezer:/\n2:cpu,cpuacct:/job/7\n0::/user:1\n';
  expect(findHierarchies(layout, { mountinfo, own: membership })).toEqual([
    { mountedAt: '/sys/fs/cgroup/cpu,cpuacct', type: 'cgroup', options: 'cpu,cpuacct', path: `/sys/fs/cgroup/cpu,cpuacct/job/7/${own}` },
    { mountedAt: '/sys/fs/cgroup/freezer', type: 'cgroup', options: 'freezer', path: `/sys/fs/cgroup/freezer/${own}` },
    { mountedAt: '/sys/fs/cgroup/systemd', type: 'cgroup', options: 'none,name=systemd', path: `/sys/fs/cgroup/systemd/${own}` },
    { mountedAt: '/sys/fs/cgroup/unified', type: 'cgroup2', options: '', path: `/sys/fs/cgroup/unified/user:1/${own}` },
  ]);
});

test('on a machine with cgroup v2 alone, there is one', () => {
  const mountinfo = '30 29 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n';
  expect(findHierarchies(layout, { mountinfo, own: '0::/user.slice/session-1.scope\n' })).toEqual([
    { mountedAt: '/sys/fs/cgroup', type: 'cgroup2', options: '', path: `/sys/fs/cgroup/user.slice/session-1.scope/${own}` },
  ]);
});
