-- What the broker did not take: tried again after about a second. One that is known keeps its due time.
-- $1 ids, $2 sequence numbers, $3 reasons
insert into unsent (id, seq, reason, due)
select id, seq, reason, now() + (0.5 + random() / 2) * interval '1 second'
  from unnest($1::uuid[], $2::int8[], $3::text[]) as failed (id, seq, reason)
 order by id
on conflict (id) do update set reason = excluded.reason
