#!/usr/bin/env bash
# Provides what checks docker-compose.yml: the operator's own Docker Compose, else a small program around the reader it uses itself,
# built once from the Go modules pinned in lab/setup/compose. Without either it says so, and nothing fails: only the check is skipped.
set -euo pipefail
cd "$(dirname "$0")/../.."

TOOLS=$PWD/var/tools
BINARY=$TOOLS/bin/compose-config
STAMP=$TOOLS/compose-config.source
SOURCE=lab/setup/compose

if docker compose version >/dev/null 2>&1; then exit 0; fi
if [ -x "$BINARY" ] && cat $SOURCE/* | cmp -s - "$STAMP"; then exit 0; fi
if ! command -v go >/dev/null; then
  echo "ferry: neither docker compose nor Go here: docker-compose.yml will not be checked"
  exit 0
fi
mkdir -p "$TOOLS/bin"
echo "ferry: building the Compose reader"
if (cd $SOURCE && GOTOOLCHAIN=local go build -o "$BINARY" .); then
  cat $SOURCE/* > "$STAMP"
else
  echo "ferry: the Compose reader could not be built: docker-compose.yml will not be checked"
fi
