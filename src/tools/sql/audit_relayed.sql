-- Every row of the outbox has left: the relay's cursor has passed it.
-- $1 how many to show
with judged as (
    select o.id as event, o.causation_id as cause, o.subject, o.type, null::int8 as wanted, null::int8 as found,
           case when not (case when o.seq <= c.base_seq then not c.restoring or o.seq <= c.after_seq
                               else pg_visible_in_snapshot(o.xid, c.last)
                                    or (c.target is not null and pg_visible_in_snapshot(o.xid, c.target)
                                        and o.seq <= c.after_seq) end)
                then 'the relay has not sent it yet' end as wrong
      from outbox o
      cross join relay_cursor c
)
select counted.judged, counted.differing, w.event, w.cause, w.subject, w.type, w.wanted, w.found, w.wrong
  from (select count(*) as judged, count(wrong) as differing from judged) counted
  left join (select * from judged where wrong is not null order by event limit $1::int8) w on true
