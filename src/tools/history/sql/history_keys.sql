-- $1 persons
select person, key from person_key where person = any ($1::uuid[]) and key is not null
