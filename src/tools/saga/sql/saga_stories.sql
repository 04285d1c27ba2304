-- The newest stories that one of these types belongs to. $1 types, $2 and $3 ids from and before, $4 correlation or null,
-- $5 subject or null, $6 how many
select l.correlation_id
  from event_log l
 where l.type = any ($1::text[]) and l.id >= $2::uuid and l.id < $3::uuid
   and ($4::uuid is null or l.correlation_id = $4::uuid)
   and ($5::uuid is null or l.correlation_id in (select s.correlation_id from event_log s where s.subject = $5::uuid))
 group by l.correlation_id
 order by min(l.id::text collate "C") desc -- there is no min(uuid)
 limit $6::int8
