-- What billing believes.
declare stories no scroll cursor for
select upgrade_id, state, amount_minor, currency
  from charge
 order by 1
