-- What became of the events whose ids lie between two: processed, said, dead letters, parked.
-- $1 first id, $2 last id
select (select count(*) from inbox where id between $1::uuid and $2::uuid),
       (select count(*) from outbox where kind = 0 and causation_id between $1::uuid and $2::uuid),
       (select count(*) from outbox where kind = 1 and cause_id between $1::uuid and $2::uuid),
       (select count(*) from retry),
       (select coalesce(sum(steps), 0)::int8 from account)
