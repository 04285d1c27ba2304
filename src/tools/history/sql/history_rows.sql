-- The rows of one block, with what may have been slipped in among them: every column that a row's hash covers, in its order.
-- $1 era, $2 xid, $3 position: of the row before; $4, $5, $6: of the last one; $7 how many
select l.id, l.era, l.xid, l.position, l.type, l.service, l.exchange, l.routing_key, l.correlation_id, l.causation_id,
       l.subject, l.sequence, l.occurred_at, l.recorded_at, l.person, l.properties, l.body, l.cuts, l.sealed
  from event_log l
 where (l.era, l.xid, l.position) > ($1::int4, $2::text::xid8, $3::int8)
   and (l.era, l.xid, l.position) <= ($4::int4, $5::text::xid8, $6::int8)
 order by l.era, l.xid, l.position
 limit $7::int4
