-- Each claimed event stands in the log, each event of the log was claimed.
-- $1 how many to show, $2 the smallest id that the inbox surely has
with judged as (
    select coalesce(l.id, i.id) as event, l.causation_id as cause, l.subject, l.type, null::int8 as wanted, null::int8 as found,
           case when l.id is null then 'the event was claimed, but the log does not have it'
                when i.id is null then 'the log has an event that was never claimed' end as wrong
      from (select id, causation_id, subject, type from event_log
             where id >= greatest($2::uuid, (select id from inbox order by id limit 1))) l
      full join inbox i on i.id = l.id
)
select counted.judged, counted.differing, w.event, w.cause, w.subject, w.type, w.wanted, w.found, w.wrong
  from (select count(*) as judged, count(wrong) as differing from judged) counted
  left join (select * from judged where wrong is not null order by event limit $1::int8) w on true
