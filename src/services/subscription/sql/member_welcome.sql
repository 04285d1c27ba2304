-- $1 user
insert into member (user_id) values ($1::uuid) on conflict do nothing
