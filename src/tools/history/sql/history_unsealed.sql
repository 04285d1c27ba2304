-- How many rows are not in the chain yet. $1 era, $2 xid, $3 position of the last one that is
select count(*) from event_log l where (l.era, l.xid, l.position) > ($1::int4, $2::text::xid8, $3::int8)
