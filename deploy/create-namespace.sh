#!/bin/sh
# Creates the namespace and Pawl's search attributes where they are missing. Safe to run again.
# TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE say where.
set -eu

tries=30
until temporal operator cluster health >/dev/null 2>&1; do
  tries=$((tries - 1))
  if [ "$tries" -eq 0 ]; then
    echo "Temporal at $TEMPORAL_ADDRESS did not become healthy." >&2
    exit 1
  fi
  sleep 2
done

temporal operator namespace describe -n "$TEMPORAL_NAMESPACE" >/dev/null 2>&1 ||
  temporal operator namespace create --retention 30d -n "$TEMPORAL_NAMESPACE"

registered=$(temporal operator search-attribute list -n "$TEMPORAL_NAMESPACE" || true)
add() {
  case "$registered" in
    *"$1 "*) ;;
    *) temporal operator search-attribute create -n "$TEMPORAL_NAMESPACE" --name "$1" --type "$2" ;;
  esac
}

add PawlAgent Keyword
add PawlTenant Keyword
add PawlSession Keyword
add PawlStatus Keyword
add PawlOutcome Keyword
add PawlCostUsd Double
add PawlTurns Int
