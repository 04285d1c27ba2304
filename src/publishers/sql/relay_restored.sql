-- The next rows by number alone: after a restored dump.
-- $1 after_seq, $2 base_seq, $3 limit, $4 bytes after which no further row is wanted
select seq, id, kind, type, exchange, routing_key, correlation_id, causation_id, subject, sequence, traceparent,
       occurred_at, body, properties
  from (select *,
               sum(octet_length(body) + coalesce(octet_length(properties), 0))
                   over (order by seq rows between unbounded preceding and 1 preceding) as bytes_before
          from (select seq, id, kind, type, exchange, routing_key, correlation_id, causation_id, subject, sequence,
                       traceparent, occurred_at, body, properties
                  from outbox
                 where seq > $1::int8 and seq <= $2::int8
                 order by seq
                 limit $3::int8) u) w
 where bytes_before is null or bytes_before < $4::int8
 order by seq
