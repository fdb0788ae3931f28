#!/bin/sh
# Creates and updates Temporal's two databases. Safe to run again: what exists is kept, and a newer
# server's schema steps are applied. The SQL_* variables say where and as whom.
set -eu

schemas=/etc/temporal/schema/postgresql/v12

set_up() {
  database=$1
  folder=$2
  temporal-sql-tool --db "$database" create
  temporal-sql-tool --db "$database" setup-schema -v 0.0
  temporal-sql-tool --db "$database" update-schema -d "$schemas/$folder/versioned"
}

set_up temporal temporal
set_up temporal_visibility visibility
