#!/usr/bin/env bash
# A container moved by hand, on its source node: one ssh connection kept open, copied while it runs (twice), lxc-stop, what has
# changed since, its config, lxc-start. No lock, no token, no journal, no proof: nothing that could undo it, or tell that it went wrong.
# usage: bare-container.sh <vmid> <source> <target> <target's address> <shared|rsync|btrfs> <root file system> <PVE root>
set -euo pipefail
VMID=$1 SOURCE=$2 TARGET=$3 ADDRESS=$4 HOW=$5 ROOTFS=$6 PVE=$7
CONFIG=/run/ferry-lxc/$VMID/config
FOLDER=$(dirname "$ROOTFS")
SSH="ssh -o BatchMode=yes -o ControlPath=/run/bare-$VMID.ssh -o StrictHostKeyChecking=yes -o HostKeyAlias=$TARGET -i /etc/ssh/ferry_ed25519 -c aes128-gcm@openssh.com -o KexAlgorithms=curve25519-sha256"

main() {
  $SSH -o ControlMaster=yes -fN "root@$ADDRESS"
  remote mkdir -p "$(dirname "$CONFIG")" "$FOLDER"
  remote "cat > $CONFIG && chmod 711 $(dirname "$(dirname "$CONFIG")")" < "$CONFIG"
  "before_$HOW"
  lxc-stop -n "$VMID" -P /var/lib/lxc --rcfile "$CONFIG"
  "after_$HOW"
  mv "$PVE/nodes/$SOURCE/lxc/$VMID.conf" "$PVE/nodes/$TARGET/lxc/$VMID.conf"
  remote lxc-start -n "$VMID" -P /var/lib/lxc -f "$CONFIG"
  "clear_$HOW"
  $SSH -O exit "root@$ADDRESS" 2> /dev/null
}

remote() { $SSH "root@$ADDRESS" "$@"; }
sync_files() { rsync -aHAX --numeric-ids --delete -e "$SSH" "$ROOTFS/" "root@$ADDRESS:$ROOTFS/"; }

before_shared() { :; }
after_shared() { :; }
clear_shared() { :; }

before_rsync() { sync_files; sync_files; }
after_rsync() { sync_files; }
clear_rsync() { rm -rf "$ROOTFS"; }

before_btrfs() {
  btrfs -q subvolume snapshot -r "$ROOTFS" "$FOLDER/bare1"
  btrfs send -q "$FOLDER/bare1" | remote btrfs receive -q "$FOLDER"
  btrfs -q subvolume snapshot -r "$ROOTFS" "$FOLDER/bare2"
  btrfs send -q -p "$FOLDER/bare1" "$FOLDER/bare2" | remote btrfs receive -q "$FOLDER"
}
after_btrfs() {
  btrfs -q subvolume snapshot -r "$ROOTFS" "$FOLDER/bare3"
  btrfs send -q -p "$FOLDER/bare2" "$FOLDER/bare3" | remote "btrfs receive -q $FOLDER && btrfs -q subvolume snapshot $FOLDER/bare3 $ROOTFS"
}
clear_btrfs() {
  remote btrfs -q subvolume delete "$FOLDER"/bare{1,2,3}
  btrfs -q subvolume delete "$FOLDER"/bare{1,2,3} "$ROOTFS"
}

main
