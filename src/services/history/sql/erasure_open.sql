-- Whose keys are to be destroyed now. $1 whether those that were are asked for as well: a restored backup has them again.
-- $2 after this person, $3 how many
select person from erasure
 where (done_at is null or $1::bool) and ($2::uuid is null or person > $2::uuid)
 order by person limit $3::int4
