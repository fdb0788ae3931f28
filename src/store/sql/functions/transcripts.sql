-- Overwrites, so that putting a damaged row again mends it. Sorted: two writers of one run can't deadlock.
create or replace function pawl.put_messages(messages jsonb, links jsonb) returns void language plpgsql as $$
begin
  insert into pawl.message (run_id, ref, body)
  select distinct on (1, 2) m ->> 'runId', m ->> 'ref', m ->> 'body' from jsonb_array_elements(messages) m
  order by 1, 2
  on conflict (run_id, ref) do update set body = excluded.body where message.body <> excluded.body;
  insert into pawl.link (run_id, head, prev_head, ref)
  select distinct on (1, 2) l ->> 'runId', l ->> 'head', l ->> 'prevHead', l ->> 'ref' from jsonb_array_elements(links) l
  order by 1, 2
  on conflict (run_id, head) do update set prev_head = excluded.prev_head, ref = excluded.ref
  where (link.prev_head, link.ref) <> (excluded.prev_head, excluded.ref);
end $$;

-- The links from one head back to the beginning, newest first, with their bodies where they are there.
-- The bound is against a damaged chain that runs in a circle; a run has far fewer messages.
create or replace function pawl.chain(of_run text, from_head text)
returns table (head text, prev_head text, ref text, body text) language sql stable as $$
  with recursive back as (
    select 1 as depth, l.head, l.prev_head, l.ref from pawl.link l where l.run_id = of_run and l.head = from_head
    union all
    select b.depth + 1, l.head, l.prev_head, l.ref from back b
    join pawl.link l on l.run_id = of_run and l.head = b.prev_head where b.depth < 100000
  )
  select b.head, b.prev_head, b.ref, m.body from back b
  left join pawl.message m on m.run_id = of_run and m.ref = b.ref order by b.depth
$$;
