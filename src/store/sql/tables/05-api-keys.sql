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
