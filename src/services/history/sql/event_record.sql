-- Writes a batch of events in its order. An event that is there already (older than what the inbox remembers) is left alone.
-- $1 ids, $2 types, $3 services, $4 exchanges, $5 routing keys, $6 correlation ids, $7 causation ids, $8 subjects,
-- $9 sequences, $10 instants, $11 persons, $12 property lists, $13 bodies, $14 cuts, $15 sealed values
insert into event_log (id, era, type, service, exchange, routing_key, correlation_id, causation_id, subject, sequence,
                       occurred_at, person, properties, body, cuts, sealed)
select id, (select event_log_era()), type, service, exchange, routing_key, correlation_id, causation_id, subject, sequence,
       occurred_at, person, properties, body, cuts, sealed
  from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::uuid[], $9::int8[],
              $10::timestamptz[], $11::uuid[], $12::bytea[], $13::bytea[], $14::bytea[], $15::bytea[])
       with ordinality as e (id, type, service, exchange, routing_key, correlation_id, causation_id, subject, sequence,
                             occurred_at, person, properties, body, cuts, sealed, place)
 order by place
on conflict (id) do nothing
