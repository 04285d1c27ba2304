-- The cause of what was said had been claimed, in the same or an earlier transaction. Transaction ids, unlike
-- clocks, know the order; of rows that a dump has brought they do not (base_seq).
-- $1 how many to show, $2 the smallest id that the inbox surely has
with judged as (
    select o.id as event, o.causation_id as cause, o.subject, o.type, null::int8 as wanted, null::int8 as found,
           case when i.id is null then 'its cause was never claimed'
                when o.seq > c.base_seq and age(i.xmin) < age(o.xid::xid) then 'it was said before its cause was claimed'
           end as wrong
      from outbox o
      cross join relay_cursor c
      left join inbox i on i.id = o.causation_id
     where o.kind = 0 and o.causation_id is not null and o.causation_id >= $2::uuid
)
select counted.judged, counted.differing, w.event, w.cause, w.subject, w.type, w.wanted, w.found, w.wrong
  from (select count(*) as judged, count(wrong) as differing from judged) counted
  left join (select * from judged where wrong is not null order by event limit $1::int8) w on true
