-- Parks again what came out of retry. $1 id, $2 queue, $3 attempts, $4 due, $5 now, $6 reason
UPDATE retry SET attempts = $3::int, due = $4::timestamptz, last_failed_at = $5::timestamptz, reason = $6::text, leases = 0
 WHERE id = $1::uuid AND queue = $2::text
