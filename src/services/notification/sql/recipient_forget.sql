-- The user is gone; the goodbye may still use the address. $1 user, $2 sequence
insert into recipient (user_id, name, email, sequence, forgotten) values ($1::uuid, '', '', $2::bigint, true)
on conflict (user_id) do update set forgotten = true
