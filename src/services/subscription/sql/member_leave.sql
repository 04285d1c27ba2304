-- $1 user, $2 instant
insert into member (user_id, deleted_at) values ($1::uuid, $2::timestamptz)
on conflict (user_id) do update set deleted_at = excluded.deleted_at where member.deleted_at is null
