-- The newest stories that one of these types belongs to. $1 types, $2 and $3 ids from and before, $4 correlation or null,
-- $5 subject or null, $6 how many, $7 types of ends, $8 whether they must have ended or must not; null: either
with stories as (
    select l.correlation_id, min(l.id::text collate "C") as first -- there is no min(uuid)
      from event_log l
     where l.type = any ($1::text[]) and l.id >= $2::uuid and l.id < $3::uuid
       and ($4::uuid is null or l.correlation_id = $4::uuid)
       and ($5::uuid is null or l.correlation_id in (select s.correlation_id from event_log s where s.subject = $5::uuid))
     group by l.correlation_id
)
select s.correlation_id
  from stories s
 where $8::bool is null
    or $8::bool = exists (select from event_log e where e.correlation_id = s.correlation_id and e.type = any ($7::text[]))
 order by s.first desc
 limit $6::int8
