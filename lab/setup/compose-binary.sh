#!/usr/bin/env bash
# Provides Docker Compose for checking docker-compose.yml: the operator's own, else one built once from the Go modules
# pinned in lab/setup/compose. Without either it says so, and nothing fails: only the check is skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

TOOLS=$PWD/var/tools
BINARY=$TOOLS/bin/docker-compose
STAMP=$TOOLS/docker-compose.pins
PINS=lab/setup/compose/go.sum

if docker compose version >/dev/null 2>&1; then exit 0; fi
if [ -x "$BINARY" ] && cmp -s $PINS "$STAMP"; then exit 0; fi
if ! command -v go >/dev/null; then
  echo "ferry: neither docker compose nor Go here: docker-compose.yml will not be checked"
  exit 0
fi
mkdir -p "$TOOLS/bin"
echo "ferry: building Docker Compose (once, some minutes)"
version=$(sed -nE 's|.*docker/compose/v2 (v[0-9.]+).*|\1|p' lab/setup/compose/go.mod)
if (cd lab/setup/compose && GOTOOLCHAIN=local nice go build -o "$BINARY" \
  -ldflags "-s -w -X github.com/docker/compose/v2/internal.Version=$version" github.com/docker/compose/v2/cmd); then
  cp $PINS "$STAMP"
else
  echo "ferry: Docker Compose could not be built: docker-compose.yml will not be checked"
fi
