-- A claimed request has its charge, or the tombstone of one.
-- $1 how many to show, $2 ids of what was said, $3 subjects
with judged as (
    select s.id as event, null::uuid as cause, s.subject, null::text as type, null::int8 as wanted, null::int8 as found,
           case when c.id is null then 'the request was claimed, and there is no charge' end as wrong
      from unnest($2::uuid[], $3::uuid[]) as s (id, subject)
      join inbox i on i.id = s.id
      left join charge c on c.upgrade_id = s.subject
)
select counted.judged, counted.differing, w.event, w.cause, w.subject, w.type, w.wanted, w.found, w.wrong
  from (select count(*) as judged, count(wrong) as differing from judged) counted
  left join (select * from judged where wrong is not null order by event limit $1::int8) w on true
