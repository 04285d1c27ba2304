-- Writes what one transaction has said, in the order it was said, and numbers the events of each subject: `counted` has
-- each subject's last number, in the order of the subjects. (An array, not a join: the planner cannot know how many rows
-- come and would loop over all pairs.) An id that is half a day behind the database's clock or three minutes ahead of it is
-- left out, which the caller sees by the number of rows: the relay searches by time and must never have to look back
-- further than that, and listeners refuse what is five minutes ahead of their own clock, which may be two behind.
-- $1 ids, $2 kinds, $3 types, $4 exchanges, $5 routing keys, $6 correlation ids, $7 causation ids, $8 subjects,
-- $9 traceparents, $10 instants, $11 bodies, $12 property lists, $13 failure classes, $14 failed queues, $15 cause ids
with said as (
    select *
      from unnest($1::uuid[], $2::int4[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::uuid[],
                  $9::text[], $10::timestamptz[], $11::bytea[], $12::bytea[], $13::text[], $14::text[], $15::uuid[])
           with ordinality as s (id, kind, type, exchange, routing_key, correlation_id, causation_id, subject,
                                 traceparent, occurred_at, body, properties, failure_class, failed_queue, cause_id, place)
     where id >= (select uuid_floor(statement_timestamp() - interval '12 hours'))
       and id < (select uuid_floor(statement_timestamp() + interval '3 minutes'))
), counted as (
    insert into outbox_subject as o (subject, sequence)
    select subject, count(*) from said where subject is not null group by subject order by subject
    on conflict (subject) do update set sequence = o.sequence + excluded.sequence
    returning subject, sequence
)
insert into outbox (id, kind, type, exchange, routing_key, correlation_id, causation_id, subject, sequence, traceparent,
                    occurred_at, body, properties, failure_class, failed_queue, cause_id)
select id, kind, type, exchange, routing_key, correlation_id, causation_id, subject,
       (select array_agg(sequence order by subject) from counted)[dense_rank() over (order by subject)]
           - count(*) over (partition by subject) + row_number() over (partition by subject order by place),
       traceparent, occurred_at, body, properties, failure_class, failed_queue, cause_id
  from said
 order by place
