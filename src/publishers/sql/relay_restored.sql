-- The next rows by number alone: after a restored dump.
-- $1 after_seq, $2 base_seq, $3 limit
select seq, id, kind, type, exchange, routing_key, correlation_id, causation_id, subject, sequence, traceparent,
       occurred_at, body, properties
  from outbox
 where seq > $1::int8 and seq <= $2::int8
 order by seq
 limit $3::int8
