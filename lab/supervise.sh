#!/usr/bin/env bash
# usage: supervise.sh <directory> <program.js> [<after.js>]
# Keeps a program running, as a service manager would: when it ends, <after.js> runs (ExecStopPost) and it is started again at once.
# In <directory>: `stop` (while it exists nothing is started), `wake` (a FIFO: a line means look again), `pid`, `log`.
set -u
DIR=$1 PROGRAM=$2 AFTER=${3:-}

[ -p "$DIR/wake" ] || mkfifo "$DIR/wake"
exec 3<>"$DIR/wake"
rm -f "$DIR/pid"
while :; do
  while [ -e "$DIR/stop" ] || [ ! -e "$PROGRAM" ]; do read -r -t 2 -u 3 _; done
  started=$SECONDS
  node "$PROGRAM" >>"$DIR/log" 2>&1 </dev/null 3>&- &
  echo $! > "$DIR/pid.tmp"
  mv -f "$DIR/pid.tmp" "$DIR/pid"
  wait $!
  status=$?
  echo "$(date -Is) $PROGRAM ended with status $status" >>"$DIR/log"
  [ ! -e "$AFTER" ] || node "$AFTER" >>"$DIR/log" 2>&1 </dev/null 3>&-
  rm -f "$DIR/pid"
  # A program that cannot even start must not eat the machine.
  [ $((SECONDS - started)) -ge 2 ] || sleep 0.3
done
