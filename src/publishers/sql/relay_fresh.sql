-- All that `last` does not see, when that is little: a whole window with one statement, so what it sees is exactly what
-- `target` sees. is_whole tells; a window that is not has $4 rows or more, or more than $5 bytes: it is read in chunks,
-- and bodies are left out here. seq + 0 keeps the planner on the index over (xid, seq), and xmax keeps rows out of sight
-- that were restored from a cluster with larger transaction ids.
-- $1 last, $2 base_seq, $3 smallest id that can still be unread, $4 limit, $5 bytes at most
select seq, id, kind, type, exchange, routing_key, correlation_id, causation_id, subject, sequence, traceparent,
       occurred_at, case when is_whole then body end as body, case when is_whole then properties end as properties,
       pg_current_snapshot()::text as target, statement_timestamp() as target_at, is_whole
  from (select *,
               count(*) over () < $4::int8
                   and sum(octet_length(body) + coalesce(octet_length(properties), 0)) over () <= $5::int8 as is_whole
          from ((select seq, id, kind, type, exchange, routing_key, correlation_id, causation_id, subject, sequence,
                        traceparent, occurred_at, body, properties
                   from outbox
                  where id >= $3::uuid
                    and xid >= (select pg_snapshot_xmax($1::text::pg_snapshot))
                    and xid < (select pg_snapshot_xmax(pg_current_snapshot()))
                    and seq + 0 > $2::int8
                  limit $4::int8)
                union all
                (select seq, id, kind, type, exchange, routing_key, correlation_id, causation_id, subject, sequence,
                        traceparent, occurred_at, body, properties
                   from outbox
                  where id >= $3::uuid
                    and xid = any (array(select pg_snapshot_xip($1::text::pg_snapshot)))
                    and seq + 0 > $2::int8
                  limit $4::int8)) u) w
 order by seq
