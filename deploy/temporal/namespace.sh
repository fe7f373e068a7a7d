#!/bin/sh
# Creates the namespace and ferry's search attributes (workflows/attributes.ts). Safe to run again.
set -eu

temporal operator namespace describe -n "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create -n "$TEMPORAL_NAMESPACE" --retention "$RETENTION"
# A new namespace reaches the server's caches within seconds.
attempt=0
until temporal operator search-attribute create -n "$TEMPORAL_NAMESPACE" \
  --name GuestId --type Keyword \
  --name GuestKind --type Keyword \
  --name SourceNode --type Keyword \
  --name TargetNode --type Keyword \
  --name MigrationPhase --type Keyword \
  --name NodeName --type Keyword \
  --name EvacuationPhase --type Keyword \
  --name NeedsOperator --type Bool; do
  attempt=$((attempt + 1))
  [ "$attempt" -lt 15 ] || exit 1
  sleep 2
done
