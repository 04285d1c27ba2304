-- For ever, also for who never had one. $1 persons (sorted)
insert into person_key (person, key, erased_at)
select person, null, clock_timestamp() from unnest($1::uuid[]) as p (person) order by person
on conflict (person) do update set key = null, erased_at = excluded.erased_at where person_key.key is not null
