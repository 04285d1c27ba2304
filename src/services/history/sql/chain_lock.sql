-- The end of the chain, for who seals now; no row while another one does.
select number, hash, era, xid, position from chain_head for update skip locked
