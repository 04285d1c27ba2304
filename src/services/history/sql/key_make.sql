-- Keys for those who have none yet; somebody else may have been faster. $1 persons (sorted), $2 keys
insert into person_key (person, key)
select person, key from unnest($1::uuid[], $2::bytea[]) as k (person, key) order by person
on conflict do nothing
