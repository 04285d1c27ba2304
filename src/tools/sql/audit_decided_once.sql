-- One event leads to one decision.
-- $1 how many to show
with judged as (
    select said_id as event, cause_id as cause, upgrade_id as subject, says as type, 1::int8 as wanted,
           case when cause_id is not null then times else 1 end as found,
           case when cause_id is not null and times > 1 then 'one event led to more than one decision' end as wrong
      from (select *, count(*) over (partition by cause_id) as times from decision) d
)
select counted.judged, counted.differing, w.event, w.cause, w.subject, w.type, w.wanted, w.found, w.wrong
  from (select count(*) as judged, count(wrong) as differing from judged) counted
  left join (select * from judged where wrong is not null order by event limit $1::int8) w on true
