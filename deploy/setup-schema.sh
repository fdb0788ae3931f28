#!/bin/sh
# Creates and updates Temporal's two databases. Safe to run again: what exists is kept, and a newer
# server's schema steps are applied. The SQL_* variables say where and as whom.
set -eu

set_up() {
  database=$1
  schema=$2
  temporal-sql-tool --db "$database" create
  temporal-sql-tool --db "$database" setup-schema -v 0.0
  # The steps are those of the tool's own version: they come with it.
  temporal-sql-tool --db "$database" update-schema --schema-name "postgresql/v12/$schema"
}

set_up temporal temporal
set_up temporal_visibility visibility
