#!/usr/bin/env bash
# usage: recorded.sh <record file> <command> [argument]…
# Writes down who this process is, then becomes the command: whoever started us may be killed at any moment.
set -eu
source "$(dirname "$(readlink -f "$0")")/record.sh"
write_record "$1" $$
shift
exec "$@"
