-- Every type that the log holds, each by one look into the index.
with recursive types (type) as (
    (select type from event_log order by type limit 1)
    union all
    select (select l.type from event_log l where l.type > t.type order by l.type limit 1) from types t where t.type is not null
)
select type from types where type is not null
