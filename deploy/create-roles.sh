#!/bin/sh
# Run once by the image of PostgreSQL, on an empty volume: a role for Temporal and those of docs/database.md.
# None is a superuser, and Temporal can't read the rows of Pawl, nor Pawl those of Temporal.
set -eu

psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --dbname "$POSTGRES_DB" \
  -v temporal="$DB_TEMPORAL_PASSWORD" -v owner="$DB_OWNER_PASSWORD" -v worker="$DB_WORKER_PASSWORD" \
  -v gateway="$DB_GATEWAY_PASSWORD" -v operator="$DB_OPERATOR_PASSWORD" <<'SQL'
create role temporal login createdb password :'temporal';
create role pawl_owner login password :'owner';
create role pawl_worker login password :'worker';
create role pawl_gateway login password :'gateway';
create role pawl_operator login password :'operator';

revoke connect on database pawl from public;
grant connect on database pawl to pawl_owner, pawl_worker, pawl_gateway, pawl_operator;

create schema pawl authorization pawl_owner;
grant usage on schema pawl to pawl_worker, pawl_gateway, pawl_operator;
alter default privileges for role pawl_owner in schema pawl
  grant select on tables to pawl_worker, pawl_gateway, pawl_operator;
alter default privileges for role pawl_owner in schema pawl
  grant insert, update, delete on tables to pawl_worker, pawl_operator;
SQL
