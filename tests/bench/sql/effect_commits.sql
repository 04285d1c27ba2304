-- When their effects were committed. $1 first id
select id, (extract(epoch from pg_xact_commit_timestamp(xmin)) * 1000000)::int8 from inbox
 where id >= $1::uuid order by id
