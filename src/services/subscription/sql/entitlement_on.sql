-- $1 upgrade, $2 user, $3 from, $4 until
insert into entitlement (upgrade_id, user_id, valid_from, valid_until, active)
values ($1::uuid, $2::uuid, $3::timestamptz, $4::timestamptz, true)
on conflict do nothing
