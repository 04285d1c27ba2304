-- Parks again what came out of retry. Only the database's clock counts: retry_take reads it, too.
-- $1 id, $2 queue, $3 attempts, $4 delay in ms, $5 reason
UPDATE retry SET attempts = $3::int, due = statement_timestamp() + $4::bigint * interval '1 millisecond',
       last_failed_at = statement_timestamp(), reason = $5::text, leases = 0
 WHERE id = $1::uuid AND queue = $2::text
