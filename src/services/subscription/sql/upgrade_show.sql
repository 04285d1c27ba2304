-- The upgrades of a user, newest first, or one of them. $1 user, $2 id or null, $3 limit
select id, user_id, state, version, pivot, reason, tier, amount_minor, currency, days, requested_at, deadline_at,
       activated_at, ended_at, due_at, repeats, needs_attention, traceparent
  from upgrade
 where user_id = $1::uuid and ($2::uuid is null or id = $2::uuid)
 order by id desc
 limit $3::int8
