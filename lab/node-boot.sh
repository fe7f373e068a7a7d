#!/usr/bin/env bash
# usage: node-boot.sh <network namespace>      (environment: LAB_DIR, NODE, …)
# Joins the node's cgroups, then becomes the parent of its PID 1 in fresh namespaces. Dies with it, and it with us.
set -eu
SELF=$(dirname "$(readlink -f "$0")")
source "$SELF/record.sh"
write_record "$LAB_DIR/run/node-$NODE.json" $$
while read -r cgroup; do echo $$ > "$cgroup/cgroup.procs"; done < "$LAB_DIR/run/$NODE.cgroups"
exec nsenter --net="/run/netns/$1" unshare -C -m -u -i -p --propagation private --fork --kill-child bash "$SELF/node-init.sh"
