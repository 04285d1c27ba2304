-- $1 upgrade, $2 user, $3 state, $4 plan, $5 now
insert into upgrade (id, user_id, state, plan_id, changed_at)
values ($1::uuid, $2::uuid, $3::text, $4::uuid, $5::timestamptz)
on conflict do nothing
