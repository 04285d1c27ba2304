-- The answers about somebody go; that there was one stays, so that the request is not taken for a new one.
-- $1 subject (uuid)
update idempotency set answer = null where subject = $1::uuid and answer is not null
