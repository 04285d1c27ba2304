-- Looks for rows that `last` does not see: one statement, so what it sees is exactly what `target` sees. seq + 0 keeps
-- the planner on the index over (xid, seq), and xmax keeps rows out of sight that were restored from a cluster with
-- larger transaction ids.
-- $1 last, $2 base_seq, $3 smallest id that can still be unread
select pg_current_snapshot()::text as target,
       statement_timestamp() as target_at,
       fresh.floor_seq,
       fresh.rows + late.rows as rows,
       least(fresh.oldest, late.oldest) as oldest
  from (select min(seq) - 1 as floor_seq, count(*) as rows, min(occurred_at) as oldest
          from (select seq, occurred_at from outbox
                 where id >= $3::uuid
                   and xid >= (select pg_snapshot_xmax($1::text::pg_snapshot))
                   and xid < (select pg_snapshot_xmax(pg_current_snapshot()))
                   and seq + 0 > $2::int8
                offset 0) f) fresh,
       (select count(*) as rows, min(occurred_at) as oldest
          from (select seq, occurred_at from outbox
                 where id >= $3::uuid
                   and xid = any (array(select pg_snapshot_xip($1::text::pg_snapshot)))
                   and seq + 0 > $2::int8
                offset 0) l) late
