-- As mail_note, of a changed profile: a change of the address is told to the one from before, so that whoever did it
-- cannot hide it.
-- $1 id, $2 user, $3 cause, $4 detail, $5 correlation, $6 traceparent, $7 sequence, $8 new address
insert into mail (id, user_id, cause_name, detail, correlation_id, traceparent, email)
values ($1::uuid, $2::uuid, $3::text, $4::text, $5::uuid, $6::text,
        (select email from recipient
          where user_id = $2::uuid and sequence < $7::bigint and email <> $8::text and not forgotten))
on conflict (id) do nothing
