#!/bin/sh
# Prints a password for each role of the database that docker-compose.yml makes, for its .env:
#   deploy/make-passwords.sh >> .env
# Once, before the first start: roles keep the password that they were made with.
set -eu
umask 077

for name in ADMIN TEMPORAL OWNER WORKER GATEWAY OPERATOR; do
  # Hex digits: they stand in URLs as they are.
  printf 'DB_%s_PASSWORD=%s\n' "$name" "$(od -An -N24 -tx1 /dev/urandom | tr -d ' \n')"
done
