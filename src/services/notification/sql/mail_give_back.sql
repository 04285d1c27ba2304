-- Nobody has begun these. $1 lease
update mail set due = clock_timestamp(), lease = null, tries = tries - 1 where lease = $1::uuid and state = 'open'
