-- Everything said in a story, and the causes that belong to other ones. $1 correlation, $2 how many
select l.id, l.causation_id, l.type, l.service, l.occurred_at, l.recorded_at, false as is_elsewhere
  from event_log l
 where l.correlation_id = $1::uuid
union
select c.id, c.causation_id, c.type, c.service, c.occurred_at, c.recorded_at, true
  from event_log l
  join event_log c on c.id = l.causation_id
 where l.correlation_id = $1::uuid and c.correlation_id <> $1::uuid
 order by 1
 limit $2::int8
