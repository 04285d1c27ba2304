-- The last entries of the audit trail, the oldest first. $1 only those of this run, or null; $2 how many at most.
select entry::text
from (
    select at, run, state, entry
    from quadrille_trail
    where $1::uuid is null or run = $1::uuid
    order by at desc, run desc, state desc
    limit $2::bigint
) latest
order by at, run, state
