-- A new story, unless another one of this user was first: then no row.
-- $1 id, $2 user, $3 state, $4 version, $5 tier, $6 amount, $7 currency, $8 days, $9 requested, $10 deadline, $11 due,
-- $12 traceparent
insert into upgrade (id, user_id, state, version, tier, amount_minor, currency, days, requested_at, deadline_at, due_at,
                     traceparent)
values ($1::uuid, $2::uuid, $3::text, $4::int4, $5::text, $6::int8, $7::text, $8::int4, $9::timestamptz,
        $10::timestamptz, $11::timestamptz, $12::text)
on conflict (user_id) where state not in ('rejected', 'cancelled') do nothing
