-- The next rows to be sealed: complete ones only. Every column in this order is what a row's hash covers.
-- $1 era, $2 xid, $3 position of the last sealed row, $4 how many
select l.id, l.era, l.xid, l.position, l.type, l.service, l.exchange, l.routing_key, l.correlation_id, l.causation_id,
       l.subject, l.sequence, l.occurred_at, l.recorded_at, l.person, l.properties, l.body, l.cuts, l.sealed
  from event_log l
 where (l.era, l.xid, l.position) > ($1::int4, $2::text::xid8, $3::int8)
   and (l.era < (select max(era) from log_era) or l.xid < (select pg_snapshot_xmin(pg_current_snapshot())))
 order by l.era, l.xid, l.position
 limit $4::int4
