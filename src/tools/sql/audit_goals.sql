-- A claimed goal is known, or a newer one is; the newest was answered, by a plan or by why there is none.
-- $1 how many to show, $2 ids of what was said, $3 subjects, $4 sequences, $5 the smallest id that the outbox surely has
with judged as (
    select s.id as event, null::uuid as cause, s.subject, null::text as type, s.sequence as wanted,
           coalesce(a.goal_sequence, 0) as found,
           case when a.user_id is null or a.goal_sequence < s.sequence then 'the goal was claimed and is not known'
                when a.goal_sequence = s.sequence and s.id >= $5::uuid and answered.id is null
                    then 'the goal was claimed, and neither a plan nor a refusal was said' end as wrong
      from unnest($2::uuid[], $3::uuid[], $4::int8[]) as s (id, subject, sequence)
      join inbox i on i.id = s.id
      left join athlete a on a.user_id = s.subject
      left join (select distinct causation_id as id
                   from outbox
                  where kind = 0
                    and type in ('fit.coaching.PlanGenerated.v1', 'fit.coaching.PlanGenerationFailed.v1')) answered
             on answered.id = s.id
     where a.is_gone is distinct from true
)
select counted.judged, counted.differing, w.event, w.cause, w.subject, w.type, w.wanted, w.found, w.wrong
  from (select count(*) as judged, count(wrong) as differing from judged) counted
  left join (select * from judged where wrong is not null order by event limit $1::int8) w on true
