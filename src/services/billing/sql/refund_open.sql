-- The wish to pay back, once per charge. $1 id, $2 charge, $3 amount, $4 currency
INSERT INTO refund (id, charge_id, amount_minor, currency) VALUES ($1::uuid, $2::uuid, $3::bigint, $4::text)
ON CONFLICT DO NOTHING
