-- Open intents whose time has come: nobody asks, or whoever asked has not come back. A state that this version does not
-- know is for the next version's processes. $1 how many, $2 text[] known states
SELECT c.id, c.upgrade_id, c.user_id, c.state, c.amount_minor, c.currency, c.payment_method, c.reference, c.create_n,
       c.confirm_n, c.refund_n, c.asked_at, c.decline_reason, c.due IS NOT NULL, c.tries, c.last_error,
       c.needs_attention, c.cause_id, c.traceparent, r.id, r.reference
  FROM charge c LEFT JOIN refund r ON r.charge_id = c.id
 WHERE c.due <= clock_timestamp() AND c.state = ANY ($2::text[])
 ORDER BY c.due LIMIT $1::int FOR UPDATE OF c SKIP LOCKED
