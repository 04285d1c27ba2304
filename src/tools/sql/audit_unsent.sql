-- The broker has taken everything.
-- $1 how many to show
with judged as (
    select u.id as event, null::uuid as cause, o.subject, o.type, null::int8 as wanted, null::int8 as found,
           'the broker did not take it: ' || u.reason as wrong
      from unsent u
      left join outbox o on o.id = u.id
)
select counted.judged, counted.differing, w.event, w.cause, w.subject, w.type, w.wanted, w.found, w.wrong
  from (select count(*) as judged, count(wrong) as differing from judged) counted
  left join (select * from judged where wrong is not null order by event limit $1::int8) w on true
