-- concurrently
-- What goes with its run, and what a batch needs of its runs.
create index concurrently if not exists lane_call_of_run on pawl.lane_call (run_id);
create index concurrently if not exists batch_item_of_run on pawl.batch_item (run_id);
