-- Ends a tenant and its keys together: nobody is left who could start a run for it. Runs under way go on.
create or replace function pawl.remove_tenant(of_name text) returns jsonb language plpgsql as $$
declare
  gone integer;
  revoked integer;
begin
  delete from pawl.tenant where name = of_name;
  get diagnostics gone = row_count;
  update pawl.api_key set revoked_at = clock_timestamp() where tenant = of_name and revoked_at is null;
  get diagnostics revoked = row_count;
  return jsonb_build_object('wasThere', gone > 0, 'keysRevoked', revoked);
end $$;
