-- Leases what is due; one whose recipient is not known yet waits. $1 lease, $2 limit, $3 lease ms
with due as (
    select m.id from mail m
     where m.state = 'open' and m.due <= clock_timestamp()
       and exists (select from recipient r where r.user_id = m.user_id)
     order by m.due limit $2::int for update of m skip locked)
update mail m
   set lease = $1::uuid, due = clock_timestamp() + $3::bigint * interval '1 millisecond', tries = m.tries + 1
  from due, recipient r
 where m.id = due.id and r.user_id = m.user_id
returning m.id, m.user_id, m.cause_name, m.detail, m.correlation_id, m.traceparent, m.tries, r.name, coalesce(m.email, r.email), r.forgotten,
          m.refused_since
