-- What was answered under this Idempotency-Key.
-- $1 hash of the key (bytea), $2 now (timestamptz)
select body_hash, status, content_type, location, answer
  from idempotency
 where key_hash = $1 and expires_at > $2
