-- The charges that are still leased to whoever asked. $1 uuid[] charge ids, $2 uuid[] holders, one for each
SELECT c.id, c.upgrade_id, c.user_id, c.state, c.amount_minor, c.currency, c.payment_method, c.reference, c.create_n,
       c.confirm_n, c.refund_n, c.asked_at, c.decline_reason, c.due IS NOT NULL, c.tries, c.last_error,
       c.needs_attention, c.cause_id, c.traceparent, r.id, r.reference
  FROM unnest($1::uuid[], $2::uuid[]) AS held (id, holder)
  JOIN charge c ON c.id = held.id AND c.lease_holder = held.holder
  LEFT JOIN refund r ON r.charge_id = c.id
 ORDER BY c.id FOR UPDATE OF c
