-- Every event of one type that the service has said. $1 type
declare said no scroll cursor for
select id, subject, coalesce(sequence, 0) as sequence
  from outbox
 where kind = 0 and type = $1::text
 order by id
