-- Removes a batch of expired answers.
-- $1 now (timestamptz), $2 how many at most (bigint)
delete from idempotency
 where key_hash = any (array(
       select key_hash from idempotency where expires_at <= $1 order by expires_at limit $2 for update skip locked))
