-- The decisions of an upgrade count by one, each begins where the one before has ended, and the last is what it is now.
-- $1 how many to show
with judged as (
    select d.said_id as event, d.cause_id as cause, u.id as subject, d.says as type,
           coalesce(d.previous, 0)::int8 + 1 as wanted, coalesce(d.version, 0)::int8 as found,
           case when d.version is null then 'no decision leads to this upgrade'
                when d.version <> coalesce(d.previous, 0) + 1 then 'the versions of the upgrade do not count by one'
                when d.before <> coalesce(d.previous_after, '-') then 'the decision begins where no other has ended'
                when d.is_last and (d.version <> u.version or d.after <> u.state)
                    then 'the upgrade is not what its last decision says' end as wrong
      from upgrade u
      left join (select *, lag(version) over stories as previous, lag(after) over stories as previous_after,
                        lead(version) over stories is null as is_last
                   from decision
                 window stories as (partition by upgrade_id order by version)) d on d.upgrade_id = u.id
)
select counted.judged, counted.differing, w.event, w.cause, w.subject, w.type, w.wanted, w.found, w.wrong
  from (select count(*) as judged, count(wrong) as differing from judged) counted
  left join (select * from judged where wrong is not null order by event limit $1::int8) w on true
