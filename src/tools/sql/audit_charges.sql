-- What billing believes.
declare stories no scroll cursor for
select c.upgrade_id, c.state, c.amount_minor, c.currency, r.id is not null as has_refund,
       r.refunded_at is not null as is_refunded, r.reference, r.amount_minor, r.currency
  from charge c
  left join refund r on r.charge_id = c.id
 order by 1
