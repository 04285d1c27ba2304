-- Parks a delivered message; a redelivery of what is parked already is absorbed.
-- $1 id, $2 queue, $3 type, $4 attempts, $5 delay in ms, $6 reason, $7 exchange, $8 routing key, $9 properties, $10 body
INSERT INTO retry (id, queue, type, attempts, due, first_failed_at, last_failed_at, reason, exchange, routing_key,
                   properties, body)
VALUES ($1::uuid, $2::text, $3::text, $4::int, statement_timestamp() + $5::bigint * interval '1 millisecond',
        statement_timestamp(), statement_timestamp(), $6::text, $7::text, $8::text, $9::bytea, $10::bytea)
ON CONFLICT (id, queue) DO NOTHING
