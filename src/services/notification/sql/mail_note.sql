-- $1 id, $2 user, $3 cause, $4 detail, $5 correlation, $6 traceparent
insert into mail (id, user_id, cause_name, detail, correlation_id, traceparent)
values ($1::uuid, $2::uuid, $3::text, $4::text, $5::uuid, $6::text)
on conflict (id) do nothing
