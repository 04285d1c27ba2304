-- The events of a subject are numbered from 1 without gaps, in the order in which they leave.
-- $1 how many to show, $2 the smallest id that the outbox surely has, nil while it has all
with judged as (
    select s.id as event, null::uuid as cause, s.subject, s.type,
           case when s.sequence = coalesce(s.previous + 1, 1) then o.sequence else coalesce(s.previous + 1, 1) end as wanted,
           s.sequence as found,
           case when s.sequence is null then 'the event has no number'
                when s.previous is null and s.sequence <> 1 and $2::uuid = '00000000-0000-0000-0000-000000000000'
                    then 'the first events of the subject are missing'
                when s.sequence <> s.previous + 1 then 'the numbers of the subject do not count by one'
                when s.is_last and s.sequence is distinct from o.sequence then 'the last events of the subject are missing'
           end as wrong
      from (select id, subject, type, sequence, lag(sequence) over subjects as previous,
                   lead(sequence) over subjects is null as is_last
              from outbox
             where kind = 0
            window subjects as (partition by subject order by seq)) s
      left join outbox_subject o on o.subject = s.subject
)
select counted.judged, counted.differing, w.event, w.cause, w.subject, w.type, w.wanted, w.found, w.wrong
  from (select count(*) as judged, count(wrong) as differing from judged) counted
  left join (select * from judged where wrong is not null order by event limit $1::int8) w on true
