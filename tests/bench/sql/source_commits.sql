-- When the events whose ids begin at $1 were committed, in microseconds since 1970, by id. $1 first id
select id, (extract(epoch from pg_xact_commit_timestamp(xid::xid)) * 1000000)::int8 from outbox
 where id >= $1::uuid order by id
