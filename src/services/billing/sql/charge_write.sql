-- What the worker has learned, or is about to ask. $1 id, $2 state before, $3 holder before (null: the row is being
-- claimed), $4 state, $5 payment method, $6 reference, $7 create_n, $8 confirm_n, $9 refund_n, $10 asked_at,
-- $11 decline reason, $12 holder, $13 ms until due (null: nothing is wanted any more), $14 tries, $15 last error,
-- $16 needs attention
UPDATE charge
   SET state = $4::text,
       state_since = CASE WHEN state = $4::text THEN state_since ELSE clock_timestamp() END,
       payment_method = $5::text,
       reference = $6::text,
       create_n = $7::int,
       confirm_n = $8::int,
       refund_n = $9::int,
       asked_at = $10::timestamptz,
       decline_reason = $11::text,
       lease_holder = $12::uuid,
       due = clock_timestamp() + $13::bigint * interval '1 millisecond',
       tries = $14::int,
       last_error = $15::text,
       needs_attention = $16::boolean
 WHERE id = $1::uuid AND state = $2::text AND ($3::uuid IS NULL OR lease_holder = $3::uuid)
