#!/usr/bin/env bash
# Builds the lab's guests once: kernel and modules from the Debian cloud kernel package, one static program as a VM's user space,
# another one as a container's.
# usage: build.sh <output directory>   makes vmlinuz, initrd.img, probe, listen, ctinit, ctprobe; does nothing when they were made from the same inputs.
set -euo pipefail

SOURCE=$(dirname "$(readlink -f "$0")")
OUT=${1:?usage: build.sh <output directory>}
METAPACKAGE=linux-image-cloud-amd64
MODULES=(virtio_pci virtio_blk virtio_scsi sd_mod virtio_net evdev button)
CFLAGS=(-O2 -static -Wall -Wextra -Werror)
RESULTS=(vmlinuz initrd.img probe listen ctinit ctprobe)

main() {
  mkdir -p "$OUT"
  exec 9>"$OUT/.lock"
  flock 9
  local key result
  key=$(inputs_key)
  if [ "$(cat "$OUT/.key" 2>/dev/null)" = "$key" ] && have_all; then return 0; fi
  WORK=$(mktemp -d "$OUT/build.XXXXXX")
  trap 'rm -rf "$WORK"' EXIT
  unpack_kernel "$WORK"
  compile "$WORK"
  pack_initrd "$WORK"
  for result in "${RESULTS[@]}"; do mv -f "$WORK/$result" "$OUT/"; done
  echo "$key" > "$OUT/.key"
}

have_all() {
  local result
  for result in "${RESULTS[@]}"; do [ -s "$OUT/$result" ] || return 1; done
}

inputs_key() { sha256sum "$SOURCE"/*.c "$SOURCE"/*.h "$SOURCE/build.sh" | cut -d' ' -f1 | sha256sum | cut -c1-16; }

# The package is kept beside the results: a change of the guest program needs no network.
unpack_kernel() {
  local work=$1 package
  if ! ls "$OUT"/linux-image-*.deb >/dev/null 2>&1; then
    package=$(apt-cache depends "$METAPACKAGE" 2>/dev/null | awk '$1 == "Depends:" && $2 ~ /^linux-image-/ { print $2; exit }')
    [ -n "$package" ] || { echo "ferry-lab: no package $METAPACKAGE known to apt: run apt-get update" >&2; exit 3; }
    (cd "$OUT" && apt-get -o APT::Sandbox::User=root -o Acquire::Retries=5 -qq download "$package")
  fi
  dpkg-deb -x "$OUT"/linux-image-*.deb "$work/kernel"
  cp "$work"/kernel/boot/vmlinuz-* "$work/vmlinuz"
}

compile() {
  gcc "${CFLAGS[@]}" -pthread -o "$1/init" "$SOURCE/init.c" "$SOURCE/memory.c" "$SOURCE/disk.c" "$SOURCE/service.c" "$SOURCE/beacon.c" "$SOURCE/power.c"
  gcc "${CFLAGS[@]}" -o "$1/probe" "$SOURCE/probe.c"
  gcc "${CFLAGS[@]}" -o "$1/listen" "$SOURCE/listen.c"
  gcc "${CFLAGS[@]}" -pthread -o "$1/ctinit" "$SOURCE/ctinit.c"
  gcc "${CFLAGS[@]}" -o "$1/ctprobe" "$SOURCE/ctprobe.c"
  strip "$1/init" "$1/probe" "$1/listen" "$1/ctinit" "$1/ctprobe"
}

# Not compressed: 2.5 MB are read faster than unpacked by an emulated processor.
pack_initrd() {
  local work=$1 root="$1/root" kernel version file
  kernel="$work/kernel"
  [ -d "$kernel/lib/modules" ] || kernel="$work/kernel/usr"
  version=$(ls "$kernel/lib/modules")
  depmod -b "$kernel" "$version"
  mkdir -p "$root/modules" "$root/dev"
  modprobe -d "$kernel" -S "$version" --config /dev/null --ignore-install --show-depends -a "${MODULES[@]}" \
    | awk '$1 == "insmod" && !seen[$2]++ { print $2 }' > "$work/order"
  while read -r file; do
    copy_module "$file" "$root/modules"
  done < "$work/order" > "$root/modules/order"
  cp "$work/init" "$root/init"
  mknod "$root/dev/console" c 5 1
  (cd "$root" && find . | LC_ALL=C sort | cpio --quiet -o -H newc -R 0:0) > "$work/initrd.img"
}

# Prints the module's line for the guest: its file name and parameters. Disks are found before the load returns.
copy_module() {
  local name
  name=$(basename "$1" | sed 's/\.ko.*/.ko/')
  case $1 in
    *.ko.xz) xz -dc "$1" > "$2/$name" ;;
    *.ko.zst) zstd -qdc "$1" > "$2/$name" ;;
    *) cp "$1" "$2/$name" ;;
  esac
  if [ "$name" = scsi_mod.ko ]; then echo "$name scan=sync"; else echo "$name"; fi
}

main
