-- $1 upgrade, $2 version, $3 instant, $4 event, $5 cause, $6 before, $7 after, $8 says, $9 said id, $10 because
insert into decision (upgrade_id, version, decided_at, event, cause_id, before, after, says, said_id, because)
values ($1::uuid, $2::int4, $3::timestamptz, $4::text, $5::uuid, $6::text, $7::text, $8::text, $9::uuid, $10::text)
