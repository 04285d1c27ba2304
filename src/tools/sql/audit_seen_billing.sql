-- Ids of events by which charges were set, as in audit_seen.
declare seen_own no scroll cursor for
select cause_id, null::uuid as body, 16 as trace
  from charge
 where cause_id is not null
 order by 1
