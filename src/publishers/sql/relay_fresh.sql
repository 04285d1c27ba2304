-- All that `last` does not see, when that is little: a whole window with one statement, so what it sees is exactly what
-- `target` sees. $4 rows of either half or more: the window is a large one and is read in chunks. seq + 0 keeps the
-- planner on the index over (xid, seq).
-- $1 last, $2 base_seq, $3 smallest id that can still be unread, $4 limit
select seq, id, kind, type, exchange, routing_key, correlation_id, causation_id, subject, sequence, traceparent,
       occurred_at, body, properties, pg_current_snapshot()::text as target, statement_timestamp() as target_at
  from ((select seq, id, kind, type, exchange, routing_key, correlation_id, causation_id, subject, sequence,
                traceparent, occurred_at, body, properties
           from outbox
          where id >= $3::uuid
            and xid >= (select pg_snapshot_xmax($1::text::pg_snapshot))
            and seq + 0 > $2::int8
          limit $4::int8)
        union all
        (select seq, id, kind, type, exchange, routing_key, correlation_id, causation_id, subject, sequence,
                traceparent, occurred_at, body, properties
           from outbox
          where id >= $3::uuid
            and xid = any (array(select pg_snapshot_xip($1::text::pg_snapshot)))
            and seq + 0 > $2::int8
          limit $4::int8)) u
 order by seq
