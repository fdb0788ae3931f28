-- Keys to the gateway. Of a secret only its SHA-256 is known here: it is 256 random bits, so that
-- nothing slower is needed to keep it from being guessed.
create table pawl.api_key (
  key_id text primary key,
  secret_sha256 text not null,
  tenant text not null,
  name text not null,
  scopes text[] not null,
  created_at timestamptz not null default clock_timestamp(),
  expires_at timestamptz, -- null: never
  revoked_at timestamptz,
  last_used_at timestamptz -- to the minute
);

create function pawl.iso(t timestamptz) returns text language sql stable as $$
  select to_char(t at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')
$$;

-- What may be shown of a key.
create function pawl.about_key(k pawl.api_key) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'keyId', k.key_id, 'tenant', k.tenant, 'name', k.name, 'scopes', to_jsonb(k.scopes),
    'createdAt', pawl.iso(k.created_at), 'expiresAt', pawl.iso(k.expires_at),
    'revokedAt', pawl.iso(k.revoked_at), 'lastUsedAt', pawl.iso(k.last_used_at))
$$;
