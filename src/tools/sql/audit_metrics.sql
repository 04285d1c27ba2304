-- A claimed measuring is known, or a newer one is.
-- $1 how many to show, $2 ids of what was said, $3 subjects, $4 sequences
with judged as (
    select s.id as event, null::uuid as cause, s.subject, null::text as type, s.sequence as wanted,
           coalesce(m.sequence, 0) as found,
           case when m.sequence >= s.sequence then null else 'the metrics were claimed and are not known' end as wrong
      from unnest($2::uuid[], $3::uuid[], $4::int8[]) as s (id, subject, sequence)
      join inbox i on i.id = s.id
      left join athlete a on a.user_id = s.subject
      left join (select user_id, max(sequence) as sequence from metric group by user_id) m on m.user_id = s.subject
     where a.is_gone is distinct from true
)
select counted.judged, counted.differing, w.event, w.cause, w.subject, w.type, w.wanted, w.found, w.wrong
  from (select count(*) as judged, count(wrong) as differing from judged) counted
  left join (select * from judged where wrong is not null order by event limit $1::int8) w on true
