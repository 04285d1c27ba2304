-- What an event makes of a charge. Whoever is asking the provider right now keeps the lease and finds the new state.
-- $1 id, $2 state before, $3 state after, $4 is the intent open, $5 user, $6 causing event, $7 traceparent
UPDATE charge
   SET state = $3::text,
       state_since = clock_timestamp(),
       due = CASE WHEN NOT $4::boolean THEN NULL
                  WHEN lease_holder IS NULL THEN clock_timestamp()
                  ELSE due END,
       lease_holder = CASE WHEN $4::boolean THEN lease_holder END,
       payment_method = CASE WHEN $4::boolean THEN payment_method END,
       user_id = $5::uuid,
       tries = 0,
       needs_attention = false,
       cause_id = $6::uuid,
       traceparent = $7::text
 WHERE id = $1::uuid AND state = $2::text
