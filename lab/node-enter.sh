#!/usr/bin/env bash
# usage: node-enter.sh <lab directory> <node> <pid of its PID 1> <command> [argument]…
# Runs a command inside a node: in all its namespaces and in its cgroups, so that a crash or a freeze takes it along.
set -eu
lab=$1 node=$2 pid=$3
shift 3
while read -r cgroup; do echo $$ > "$cgroup/cgroup.procs"; done < "$lab/run/$node.cgroups"
exec nsenter -t "$pid" -a -r -w --wd=/ "$@"
