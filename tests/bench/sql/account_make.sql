-- $1 uuid[]
insert into account (id) select unnest($1::uuid[])
