#!/bin/sh
# Creates the namespace and Pawl's search attributes where they are missing, and ends when the server knows them.
# Safe to run again. TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE say where, Temporal's other variables as whom.
set -eu

attributes="PawlAgent:Keyword PawlTenant:Keyword PawlSession:Keyword PawlStatus:Keyword PawlOutcome:Keyword
  PawlCostUsd:Double PawlTurns:Int"

# For a minute; then it says what was tried, and what came of the last try.
eventually() {
  tries=30
  until said=$("$@" 2>&1); do
    tries=$((tries - 1))
    if [ "$tries" -eq 0 ]; then
      echo "In a minute, Temporal at $TEMPORAL_ADDRESS did not come to this: $*" >&2
      echo "$said" >&2
      exit 1
    fi
    sleep 2
  done
}

describe() {
  temporal operator namespace describe -n "$TEMPORAL_NAMESPACE"
}

# Succeeds where nothing is missing any more: a server tells of what is new when it next reads what it keeps.
register() {
  listed=$(temporal operator search-attribute list -n "$TEMPORAL_NAMESPACE") || return 1
  missing=""
  for attribute in $attributes; do
    name=${attribute%:*}
    type=${attribute#*:}
    if ! echo "$listed" | grep -Eq "(^|[^A-Za-z])$name[^A-Za-z]+$type([^A-Za-z]|\$)"; then
      missing="$missing $attribute"
      temporal operator search-attribute create -n "$TEMPORAL_NAMESPACE" --name "$name" --type "$type" || return 1
    fi
  done
  if [ -n "$missing" ]; then
    echo "Not listed:$missing"
    return 1
  fi
}

eventually temporal operator cluster health
if ! describe >/dev/null 2>&1; then
  temporal operator namespace create --retention 30d -n "$TEMPORAL_NAMESPACE" || describe >/dev/null
fi
eventually describe
eventually register
