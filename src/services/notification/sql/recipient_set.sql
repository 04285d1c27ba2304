-- $1 user, $2 name, $3 email, $4 sequence
insert into recipient (user_id, name, email, sequence) values ($1::uuid, $2::text, $3::text, $4::bigint)
on conflict (user_id) do update set name = excluded.name, email = excluded.email, sequence = excluded.sequence
 where recipient.sequence < excluded.sequence and not recipient.forgotten
