-- Every event that the service has said: id, body's hash, type.
declare journal no scroll cursor for
select id, md5(body)::uuid as body, type
  from outbox
 where kind = 0
 order by id
