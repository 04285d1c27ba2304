-- The intent to forget a person. $1 person, $2 the event that asks for it
insert into erasure (person, event_id) values ($1::uuid, $2::uuid) on conflict do nothing
