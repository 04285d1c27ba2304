-- Is nobody else at work on this Idempotency-Key? The lock ends with the transaction.
-- $1 number of the key (bigint)
select pg_try_advisory_xact_lock($1::bigint)
