-- What is parked and names one of them is run now and for the last time: it must not lie about as it came. Recorded it is
-- erased; a dead letter's body is blanked once the broker has it. $1 persons
update retry r set due = clock_timestamp(), attempts = greatest(attempts, 1000000)
 where attempts < 1000000
   and exists (select from unnest($1::uuid[]) as p (person)
                where position(convert_to(p.person::text, 'UTF8') in r.body) > 0)
