/** What PVE's storage types imply when `storage.cfg` does not say it. */

export const ALWAYS_SHARED: readonly string[] = ['iscsi', 'nfs', 'cifs', 'rbd', 'cephfs', 'iscsidirect', 'zfs', 'drbd', 'pbs'];

/** Types that PVE mounts itself, at `/mnt/pve/<id>`. */
export const MOUNTED_UNDER_PVE: readonly string[] = ['nfs', 'cifs', 'cephfs'];

export const DEFAULT_CONTENT: Readonly<Record<string, readonly string[]>> = {
  dir: ['images', 'rootdir'],
  btrfs: ['images', 'rootdir'],
  lvmthin: ['images', 'rootdir'],
  zfspool: ['images', 'rootdir'],
  drbd: ['images', 'rootdir'],
  cephfs: ['backup'],
  pbs: ['backup'],
  esxi: ['import'],
};
