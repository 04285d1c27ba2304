-- $1 user
insert into athlete (user_id) values ($1::uuid) on conflict do nothing
