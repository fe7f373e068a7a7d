#!/usr/bin/env bash
# PID 1 of an emulated node (environment: LAB_DIR, NODE, FERRY_HOME and what the agent needs).
# Killing it is a power failure: the kernel ends everything in the node, QEMU and LXC included.
set -eu
SELF=$(dirname "$(readlink -f "$0")")
HERE="$LAB_DIR/nodes/$NODE"
source "$SELF/record.sh"

main() {
  # /proc is still the outer one: this is the pid the outside knows us by
  read -r outer_pid _ < /proc/self/stat
  write_record "$LAB_DIR/run/init-$NODE.json" "$outer_pid"
  hostname "$NODE"
  mount_cgroups
  mount_own_directories
  mount -t proc proc /proc
  start_services
  : > "$LAB_DIR/run/$NODE.ready"
  # bash as PID 1 reaps every orphan by itself
  while :; do sleep 86400 & wait $! || true; done
}

# sysfs of our own network namespace, then each cgroup hierarchy as this node's cgroup namespace shows it.
mount_cgroups() {
  local at type options
  umount -l /sys
  mount -t sysfs sysfs /sys
  grep -q '^/sys/fs/cgroup ' "$LAB_DIR/run/hierarchies" || mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  while read -r at type options; do
    mkdir -p "$at"
    mount -t "$type" ${options:+-o "$options"} "$type" "$at"
  done < "$LAB_DIR/run/hierarchies"
}

# Only this node sees these mounts; on the machine itself the mount points stay empty.
mount_own_directories() {
  local own
  mount --bind "$LAB_DIR/pve" "$LAB_DIR/mnt/pve"
  mount --bind "$LAB_DIR/shared" "$LAB_DIR/mnt/shared"
  for own in local fast ferry; do mount --bind "$HERE/$own" "$LAB_DIR/mnt/$own"; done
  # Storages of limited size (`storage add`), with what is on them.
  for own in "$HERE"/disks/*.img; do
    [ ! -e "$own" ] || mount -o loop "$own" "$LAB_DIR/mnt/added/$(basename "$own" .img)"
  done
  mount --bind "$HERE/ssh" /etc/ssh
  for own in hosts hostname subuid subgid; do [ ! -e /etc/$own ] || mount --bind "$HERE/etc/$own" "/etc/$own"; done
  [ ! -d /var/lib/lxc ] || mount --bind "$HERE/lxc" /var/lib/lxc
  mount -t tmpfs -o mode=755 tmpfs /run
  mkdir -p /run/sshd /run/lock /run/lxc /run/ferry /run/qemu-server
  mkdir -p /dev/shm
  mount -t tmpfs -o mode=1777 shm /dev/shm
}

start_services() {
  local address
  /usr/sbin/sshd -D -e -f /etc/ssh/sshd_config >>"$HERE/sshd.log" 2>&1 </dev/null &
  bash "$SELF/supervise.sh" "$HERE/agent" "$FERRY_HOME/dist/workers/node-agent.js" "$FERRY_HOME/dist/workers/release.js" </dev/null &
  for address in $(awk '$1 == "ListenAddress" { print $2 }' /etc/ssh/sshd_config); do
    until (exec 3<>"/dev/tcp/$address/22") 2>/dev/null; do sleep 0.02; done
  done
}

main
