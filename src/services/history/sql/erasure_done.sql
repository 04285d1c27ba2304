-- Their keys are gone. It is done when no parked event names the person either: what waits in `retry` is there as it came.
-- $1 persons
update erasure e set done_at = clock_timestamp()
 where person = any ($1::uuid[]) and done_at is null
   and not exists (select from retry r where position(convert_to(e.person::text, 'UTF8') in r.body) > 0)
