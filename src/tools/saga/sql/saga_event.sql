-- The story that an event belongs to. $1 the event's id
select l.correlation_id from event_log l where l.id = $1::uuid
