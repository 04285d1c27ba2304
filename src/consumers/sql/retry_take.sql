-- Leases what is due: nobody else takes it before the lease ends, and a process that dies returns it. $1 queue, $2 limit, $3 lease ms
WITH due AS (
    SELECT id FROM retry WHERE queue = $1::text AND due <= clock_timestamp()
     ORDER BY due LIMIT $2::int FOR UPDATE SKIP LOCKED)
UPDATE retry SET leases = leases + 1, due = clock_timestamp() + $3::bigint * interval '1 millisecond'
  FROM due WHERE retry.id = due.id AND retry.queue = $1::text
RETURNING retry.id, attempts, leases, first_failed_at, exchange, routing_key, properties, body
