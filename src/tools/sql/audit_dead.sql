-- Dead letters of the service whose events have not been processed since.
select o.cause_id, max(o.type) as type, max(o.failure_class) as failure_class
  from outbox o
 where o.kind = 1 and not exists (select from inbox i where i.id = o.cause_id)
 group by o.cause_id, case when o.cause_id is null then o.id end
