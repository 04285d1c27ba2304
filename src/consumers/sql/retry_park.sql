-- Parks a delivered message; a redelivery of what is parked already is absorbed.
-- $1 id, $2 queue, $3 type, $4 attempts, $5 due, $6 now, $7 reason, $8 exchange, $9 routing key, $10 properties, $11 body
INSERT INTO retry (id, queue, type, attempts, due, first_failed_at, last_failed_at, reason, exchange, routing_key,
                   properties, body)
VALUES ($1::uuid, $2::text, $3::text, $4::int, $5::timestamptz, $6::timestamptz, $6::timestamptz, $7::text, $8::text,
        $9::text, $10::bytea, $11::bytea)
ON CONFLICT (id, queue) DO NOTHING
