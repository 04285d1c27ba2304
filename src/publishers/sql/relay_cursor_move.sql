-- Compare and set. No row: somebody else moves the cursor now.
-- $1 version, $2 last, $3 last_at, $4 oldest_at, $5 target, $6 target_at, $7 floor_seq, $8 after_seq, $9 high_seq,
-- $10 restoring
update relay_cursor
   set version = version + 1, last = $2::text::pg_snapshot, last_at = $3, oldest_at = $4,
       target = $5::text::pg_snapshot, target_at = $6, floor_seq = $7, after_seq = $8, high_seq = $9, restoring = $10
 where version = $1
