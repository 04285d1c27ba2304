-- The money is back. $1 id, $2 the provider's refund, $3 when
UPDATE refund SET reference = $2::text, refunded_at = $3::timestamptz WHERE id = $1::uuid AND refunded_at IS NULL
