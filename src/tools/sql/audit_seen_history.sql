-- Ids of events that the log holds, as in audit_seen: it keeps them for longer than the others' outboxes do.
declare seen_own no scroll cursor for
select id, null::uuid as body, 16 as trace
  from event_log
 where id >= (select id from inbox order by id limit 1)
 order by 1
