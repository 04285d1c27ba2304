-- One event leads to one event of a kind: a duplicate that was processed twice has two.
-- $1 how many to show
with judged as (
    select (array_agg(id order by id desc))[1] as event, causation_id as cause, (array_agg(subject))[1] as subject,
           type, 1::int8 as wanted, count(*) as found,
           case when count(*) > 1 then 'one cause was answered more than once' end as wrong
      from outbox
     where kind = 0 and causation_id is not null
     group by causation_id, type
)
select counted.judged, counted.differing, w.event, w.cause, w.subject, w.type, w.wanted, w.found, w.wrong
  from (select count(*) as judged, count(wrong) as differing from judged) counted
  left join (select * from judged where wrong is not null order by event limit $1::int8) w on true
