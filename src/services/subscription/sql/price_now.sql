-- $1 tier, $2 instant
select amount_minor, currency, days
  from price
 where tier = $1::text and valid_from <= $2::timestamptz
 order by valid_from desc
 limit 1
