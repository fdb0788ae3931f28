-- What can be said once there are tables: docs/database.md. As pawl_owner; can be repeated.
revoke all on pawl.api_key from pawl_worker;
grant update (last_used_at) on pawl.api_key to pawl_gateway;
revoke insert, update, delete on pawl.migration from pawl_worker, pawl_operator;
