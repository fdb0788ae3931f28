-- How far runs of a key may go; null: as far as their agent and their order say.
alter table pawl.api_key
  add column permission text check (permission in ('read', 'write', 'execute', 'admin'));
