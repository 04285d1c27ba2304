-- Ids of events that users were told about, as in audit_seen.
declare seen_own no scroll cursor for
select id, null::uuid as body, 16 as trace
  from mail
 order by 1
