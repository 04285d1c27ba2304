-- Every id of an event that the service has seen: id, body's hash where it kept the body, and how it was seen: 1 claimed,
-- 2 parked, 4 dead-lettered after it was believed, 8 dead-lettered because it was not, 16 named as a cause. An unidentified
-- message says nothing about the event whose id it has taken.
declare seen no scroll cursor for
select id, null::uuid as body, 1 as trace from inbox
union all
select id, md5(body)::uuid, 2 from retry
union all
select cause_id, md5(nullif(body, ''))::uuid, -- blanked in history, once the broker has it
       case when failure_class in ('rejected', 'retries-exhausted', 'crashed') then 4 else 8 end
  from outbox
 where kind = 1 and cause_id is not null and failure_class <> 'unidentified'
union all
select causation_id, null, 16 from outbox where kind = 0 and causation_id is not null
 order by 1
