-- The upgrades with these ids, and the one open or completed upgrade of each of these users; locked. $1 ids, $2 users
select id, user_id, state, version, pivot, reason, tier, amount_minor, currency, days, requested_at, deadline_at,
       activated_at, ended_at, due_at, repeats, needs_attention, traceparent
  from upgrade
 where id = any ($1::uuid[])
    or user_id = any ($2::uuid[]) and state not in ('rejected', 'cancelled')
 order by id
   for update
