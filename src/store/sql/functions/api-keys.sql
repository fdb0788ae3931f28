create or replace function pawl.iso(t timestamptz) returns text language sql stable as $$
  select to_char(t at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- What may be shown of a key.
create or replace function pawl.about_key(k pawl.api_key) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'keyId', k.key_id, 'tenant', k.tenant, 'name', k.name, 'scopes', to_jsonb(k.scopes),
    'permission', k.permission,
    'createdAt', pawl.iso(k.created_at), 'expiresAt', pawl.iso(k.expires_at),
    'revokedAt', pawl.iso(k.revoked_at), 'lastUsedAt', pawl.iso(k.last_used_at))
$$;
