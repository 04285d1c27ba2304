-- Each claimed event has its one mail, each mail its claim, and each mail that was sent is said once.
-- $1 how many to show, $2 the smallest id that the inbox surely has
with judged as (
    select coalesce(m.id, i.id) as event, null::uuid as cause, m.user_id as subject, m.cause_name as type,
           case when m.state = 'sent' then 1 else 0 end::int8 as wanted, coalesce(s.times, 0) as found,
           case when m.id is null then 'the event was claimed, but nobody is told'
                when i.id is null and m.id >= $2::uuid then 'somebody is told about an event that was never claimed'
                when m.state = 'sent' and m.sent_at > now() - interval '1 day' and s.times is null
                    then 'the mail was sent, but NotificationSent was not said'
                when s.times > (m.state = 'sent')::int then 'NotificationSent was said too often' end as wrong
      from mail m
      full join inbox i on i.id = m.id
      left join (select causation_id, count(*) as times
                   from outbox
                  where kind = 0 and type = 'fit.notification.NotificationSent.v1'
                  group by causation_id) s on s.causation_id = m.id
)
select counted.judged, counted.differing, w.event, w.cause, w.subject, w.type, w.wanted, w.found, w.wrong
  from (select count(*) as judged, count(wrong) as differing from judged) counted
  left join (select * from judged where wrong is not null order by event limit $1::int8) w on true
