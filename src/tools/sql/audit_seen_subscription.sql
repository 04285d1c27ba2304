-- Ids of events that led to decisions, as in audit_seen, and of those that the decisions say they have said: 32.
declare seen_own no scroll cursor for
select cause_id as id, null::uuid as body, 16 as trace
  from decision
 where cause_id is not null
union all
select said_id, null, 32 from decision where said_id is not null
 order by 1
