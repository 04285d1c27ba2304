-- $1 number, $2 era, $3 xid, $4 position, $5 count, $6 newest id, $7 entries, $8 previous hash, $9 hash
with added as (
    insert into chain_block (number, era, xid, position, count, newest, entries, previous, hash)
    values ($1::int8, $2::int4, $3::text::xid8, $4::int8, $5::int4, $6::uuid, $7::bytea, $8::bytea, $9::bytea)
    returning *
)
update chain_head h set number = a.number, hash = a.hash, era = a.era, xid = a.xid, position = a.position
  from added a
