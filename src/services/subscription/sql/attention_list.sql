-- $1 limit
select id, state, count(*) over () from upgrade where needs_attention order by id limit $1::int8
