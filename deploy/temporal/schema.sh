#!/bin/sh
# Creates or updates Temporal's two databases; connection from SQL_* (temporal-sql-tool). Safe to run again.
set -eu

prepare() {
  temporal-sql-tool --db "$1" create-database
  temporal-sql-tool --db "$1" setup-schema -v 0.0
  temporal-sql-tool --db "$1" update-schema --schema-name "postgresql/v12/$2"
}

prepare temporal temporal
prepare temporal_visibility visibility
