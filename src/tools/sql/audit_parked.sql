-- Nothing waits for another attempt.
-- $1 how many to show
with judged as (
    select id as event, null::uuid as cause, null::uuid as subject, type, null::int8 as wanted, attempts::int8 as found,
           'it is parked after so many attempts: ' || reason as wrong
      from retry
)
select counted.judged, counted.differing, w.event, w.cause, w.subject, w.type, w.wanted, w.found, w.wrong
  from (select count(*) as judged, count(wrong) as differing from judged) counted
  left join (select * from judged where wrong is not null order by event limit $1::int8) w on true
