-- Takes up what is due again. Its next try is set at once (1 s doubling to 5 minutes, jittered): it happens unless this
-- one succeeds and the row is deleted.
-- $1 limit, $2 bytes after which no further row is wanted
with due as (
    select u.id, u.seq, sum(o.bytes) over (order by u.due, u.id rows between unbounded preceding and 1 preceding) as bytes_before
      from (select id, seq, due from unsent where due <= now() order by due limit $1::int8) u
      left join lateral (select octet_length(body) + coalesce(octet_length(properties), 0) as bytes
                           from outbox where id = u.id and seq = u.seq offset 0) o on true
), taken as (
    update unsent u
       set tries = u.tries + 1,
           due = now() + least(300, power(2, least(u.tries + 1, 10))) * (0.5 + random() / 2) * interval '1 second'
      from due
     where u.id = due.id and (due.bytes_before is null or due.bytes_before < $2::int8)
    returning u.id, u.seq
)
select o.seq, o.id, o.kind, o.type, o.exchange, o.routing_key, o.correlation_id, o.causation_id, o.subject, o.sequence,
       o.traceparent, o.occurred_at, o.body, o.properties
  from taken t,
       lateral (select * from outbox where id = t.id and seq = t.seq offset 0) o
 order by o.seq
