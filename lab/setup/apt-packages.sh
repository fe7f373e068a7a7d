#!/usr/bin/env bash
# Installs the Debian packages ferry's lab and tests need, and nothing that is already there.
#   apt-packages.sh           install what is missing
#   apt-packages.sh --check   change nothing; list what is missing and cannot be installed from here (exit 3)
# QEMU comes from the release's backports: Debian 12's own 7.2 loses dirty pages under TCG (fixed in QEMU 9.0).
set -euo pipefail

# Package, and the command or file that proves it on systems without dpkg.
PACKAGES=(lxc:lxc-start openssh-server:sshd openssh-client:ssh nftables:nft iproute2:ip procps:pgrep util-linux:unshare
  busybox-static:busybox cpio:cpio kmod:depmod socat:socat python3-venv:python3 gcc:gcc libc6-dev:/usr/include/stdio.h
  zstd:zstd xz-utils:xz spin:spin rsync:rsync attr:getfattr acl:setfacl btrfs-progs:mkfs.btrfs e2fsprogs:mkfs.ext4 mount:losetup)
QEMU_PACKAGES=(qemu-system-x86 qemu-utils)
QEMU_MINIMUM_MAJOR=9
SOURCES_FILE=/etc/apt/sources.list.d/ferry-backports.sources
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin

main() {
  local missing=() entry qemu_needed=0
  for entry in "${PACKAGES[@]}"; do is_installed "${entry%%:*}" "${entry#*:}" || missing+=("${entry%%:*}"); done
  qemu_is_recent || qemu_needed=1
  if [ ${#missing[@]} -eq 0 ] && [ $qemu_needed -eq 0 ]; then return 0; fi
  if ! is_debian_root; then
    printf '%s\n' "${missing[@]}"
    [ $qemu_needed -eq 0 ] || echo "qemu-system-x86_64 and qemu-img, version $QEMU_MINIMUM_MAJOR.0 or newer"
    exit 3
  fi
  if [ "${1:-}" = --check ]; then return 0; fi
  [ $qemu_needed -eq 0 ] || add_backports
  echo "ferry: updating the package lists"
  apt_get update -qq
  if [ ${#missing[@]} -gt 0 ]; then
    echo "ferry: installing ${missing[*]}"
    apt_get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
  fi
  if [ $qemu_needed -eq 1 ]; then
    echo "ferry: installing QEMU from $(codename)-backports"
    apt_get install -qq -y --no-install-recommends -t "$(codename)-backports" "${QEMU_PACKAGES[@]}" >/dev/null
  fi
}

apt_get() { DEBIAN_FRONTEND=noninteractive apt-get -o Acquire::Retries=5 -o DPkg::Lock::Timeout=300 "$@"; }
codename() { . /etc/os-release && echo "${VERSION_CODENAME:?}"; }
is_debian_root() { grep -qs '^ID=debian' /etc/os-release && [ "$(id -u)" -eq 0 ]; }

is_installed() {
  if command -v dpkg-query >/dev/null; then
    dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'install ok installed'
  else
    [ -e "$2" ] || command -v "$2" >/dev/null
  fi
}

qemu_is_recent() {
  local major
  major=$(qemu-system-x86_64 --version 2>/dev/null | sed -nE '1s/.*version ([0-9]+)\..*/\1/p')
  [ -n "$major" ] && [ "$major" -ge $QEMU_MINIMUM_MAJOR ] && command -v qemu-img >/dev/null
}

# The backports suite lives beside the release on the same mirror: take the mirror the machine already uses.
add_backports() {
  apt-cache policy 2>/dev/null | grep -q "n=$(codename)-backports" && return 0
  local uri keyring
  uri=$(release_uri)
  [ -n "$uri" ] || { echo "ferry: no Debian mirror for $(codename) found in /etc/apt; add $(codename)-backports by hand" >&2; exit 3; }
  keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  printf 'Types: deb\nURIs: %s\nSuites: %s-backports\nComponents: main\n' "$uri" "$(codename)" > "$SOURCES_FILE"
  [ ! -r $keyring ] || printf 'Signed-By: %s\n' "$keyring" >> "$SOURCES_FILE"
}

release_uri() {
  local name
  name=$(codename)
  cat /etc/apt/sources.list.d/*.sources 2>/dev/null | awk -v suite="$name" '
    /^[[:space:]]*$/ { uri = "" }
    /^URIs:/ { uri = $2 }
    /^Suites:/ { for (i = 2; i <= NF; i++) if ($i == suite && uri != "") { print uri; exit } }'  | head -n 1 | grep . && return 0
  awk -v suite="$name" '$1 == "deb" { for (i = 2; i < NF; i++) if ($(i+1) == suite) { print $i; exit } }' \
    /etc/apt/sources.list /etc/apt/sources.list.d/*.list 2>/dev/null | head -n 1
}

main "$@"
