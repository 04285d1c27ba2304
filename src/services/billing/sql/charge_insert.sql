-- A charge to make, or a tombstone. $1 id, $2 upgrade, $3 user, $4 state, $5 amount, $6 currency, $7 payment method,
-- $8 is the intent open, $9 causing event, $10 traceparent
INSERT INTO charge (id, upgrade_id, user_id, state, amount_minor, currency, payment_method, due, cause_id, traceparent)
VALUES ($1::uuid, $2::uuid, $3::uuid, $4::text, $5::bigint, $6::text, $7::text,
        CASE WHEN $8::boolean THEN clock_timestamp() END, $9::uuid, $10::text)
ON CONFLICT DO NOTHING
