#!/usr/bin/env bash
# Installs the npm packages of package-lock.json, unless node_modules is that very installation.
set -euo pipefail
cd "$(dirname "$0")/../.."

ATTEMPTS=4

STAMP=node_modules/.ferry-lock

# Written last, and inside the folder that npm ci empties: an installation that was cut off does not look finished.
if cmp -s package-lock.json $STAMP; then exit 0; fi

for attempt in $(seq $ATTEMPTS); do
  echo "ferry: installing the npm packages"
  if npm ci --ignore-scripts --no-audit --no-fund --loglevel=error --prefer-offline \
    --fetch-retries=5 --fetch-retry-mintimeout=2000 --fetch-timeout=120000 </dev/null; then cp package-lock.json $STAMP; exit 0; fi
  echo "ferry: npm ci failed (attempt $attempt of $ATTEMPTS)" >&2
  [ "$attempt" -eq $ATTEMPTS ] || sleep $((attempt * 5))
done
exit 1
