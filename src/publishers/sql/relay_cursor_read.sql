-- The cursor, and whether it was made here: it was not when the cluster is another one or has not come that far.
select version, last::text, last_at, oldest_at, target::text, target_at, floor_seq, after_seq, high_seq, base_seq,
       restoring,
       c.system_identifier <> s.system_identifier
           or pg_snapshot_xmax(last) > pg_snapshot_xmax(pg_current_snapshot()) as is_restored
  from relay_cursor c, pg_control_system() s
