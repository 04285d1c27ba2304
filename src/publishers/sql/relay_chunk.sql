-- The next rows of a window, by number: what `target` sees and `last` does not. The second half are the rows of
-- transactions that were running at `last`; their numbers may lie below the fresh ones. Lengths are known without
-- fetching what is stored out of line, so a row that is cut off costs nothing.
-- $1 last, $2 target, $3 floor_seq, $4 after_seq, $5 limit, $6 smallest id that can still be unread, $7 bytes after which
-- no further row is wanted
select seq, id, kind, type, exchange, routing_key, correlation_id, causation_id, subject, sequence, traceparent,
       occurred_at, body, properties
  from (select *,
               sum(octet_length(body) + coalesce(octet_length(properties), 0))
                   over (order by seq rows between unbounded preceding and 1 preceding) as bytes_before
          from ((select seq, id, kind, type, exchange, routing_key, correlation_id, causation_id, subject, sequence,
                        traceparent, occurred_at, body, properties
                   from outbox
                  where id >= $6::uuid
                    and seq > greatest($3::int8, $4::int8)
                    and xid >= (select pg_snapshot_xmax($1::text::pg_snapshot))
                    and pg_visible_in_snapshot(xid, (select $2::text::pg_snapshot))
                  order by seq
                  limit $5::int8)
                union all
                (select *
                   from (select seq, id, kind, type, exchange, routing_key, correlation_id, causation_id, subject,
                                sequence, traceparent, occurred_at, body, properties
                           from outbox
                          where id >= $6::uuid
                            and xid = any (array(select pg_snapshot_xip($1::text::pg_snapshot)))
                            and seq + 0 > $4::int8
                            and pg_visible_in_snapshot(xid, (select $2::text::pg_snapshot))
                         offset 0) late
                  order by seq
                  limit $5::int8)) u) w
 where bytes_before is null or bytes_before < $7::int8
 order by seq
 limit $5::int8
