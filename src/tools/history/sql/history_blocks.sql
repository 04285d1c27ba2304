-- The next blocks of the chain. $1 after this number, $2 how many
select number, era, xid, position, count, newest, entries, previous, hash
  from chain_block where number > $1::int8 order by number limit $2::int4
