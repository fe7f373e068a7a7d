#!/usr/bin/env bash
# Makes a container's root file system, inside its node; it is there whole or not at all.
# usage: ct-volume.sh <guest programs> <subvol|btrfs-subvol|raw|btrfs-raw> <path> <size> <words for ctinit> <files> <MiB of data in them>
set -euo pipefail
GUEST=$1 KIND=$2 VOLUME=$3 SIZE=$4 WORDS=$5 FILES=$6 DATA_MIB=$7
MOUNTED=''

main() {
  mkdir -p "$(dirname "$(folder)")"
  trap 'clear_away $?' EXIT
  case $KIND in
    subvol) mkdir "$VOLUME" ;;
    btrfs-*) btrfs -q subvolume create "$(folder)" ;;
  esac
  case $KIND in
    *subvol) fill "$VOLUME" ;;
    *raw) make_image ;;
  esac
}

folder() { case $KIND in btrfs-raw) dirname "$VOLUME" ;; *) echo "$VOLUME" ;; esac }

clear_away() {
  [ -z "$MOUNTED" ] || { umount "$MOUNTED" && rmdir "$MOUNTED"; }
  [ "$1" -ne 0 ] || return 0
  case $KIND in
    btrfs-*) btrfs -q subvolume delete "$(folder)" || true ;;
    *) rm -rf "$VOLUME" ;;
  esac
}

# As PVE makes it, with multi-mount protection: no second node can mount it meanwhile.
make_image() {
  truncate -s "$SIZE" "$VOLUME"
  mkfs.ext4 -q -m 0 -O mmp -E lazy_itable_init=0 "$VOLUME"
  mkdir "/run/ct-volume.$$"
  mount -o loop "$VOLUME" "/run/ct-volume.$$"
  MOUNTED=/run/ct-volume.$$
  fill "$MOUNTED"
}

fill() {
  local root=$1 name
  mkdir -p "$root"/{bin,sbin,etc,proc,sys,dev,run,tmp,root,data/bulk}
  install -m 755 "$GUEST/ctinit" "$root/sbin/init"
  install -m 755 "$(command -v busybox)" "$root/bin/busybox"
  for name in sh cat ls ps id ip df sha256sum; do ln -s busybox "$root/bin/$name"; done
  echo "$WORDS" > "$root/etc/ctinit"
  [ "$FILES" -eq 0 ] || write_files "$root/data"
}

# Data that nothing can compress, and the sums of all of it.
write_files() {
  local data=$1 bytes=$((DATA_MIB * 1048576))
  [ "$bytes" -gt 0 ] || bytes=$((FILES * 4096))
  head -c "$bytes" /dev/urandom | split -a 6 -d -b $(((bytes + FILES - 1) / FILES)) - "$data/bulk/f"
  (cd "$data/bulk" && find . -type f -print0 | sort -z | xargs -0 sha256sum) > "$data/SHA256SUMS"
}

main
