-- How a service has met these events, the newest trace of each kind. $1 ids
select id, 1 as kind, 0::int8 as attempts, claimed_at as at, '' as reason
  from inbox where id = any ($1::uuid[])
union all
select id, 2, attempts, due, reason
  from retry where id = any ($1::uuid[])
union all
select cause_id, 3, 0, max(occurred_at), max(failure_class)
  from outbox where kind = 1 and cause_id = any ($1::uuid[]) group by cause_id
union all
select id, 4, tries, due, reason
  from unsent where id = any ($1::uuid[])
