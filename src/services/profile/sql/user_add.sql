-- $1 id, $2 name, $3 email, $4 now
insert into users (id, name, email, registered_at, updated_at)
values ($1::uuid, $2::text, $3::text, $4::timestamptz, $4::timestamptz)
