-- The outcome counts only while the lease is still ours; what was only needed to write it is kept no longer.
-- $1 id, $2 lease, $3 state
update mail
   set state = $3::text, sent_at = case $3::text when 'sent' then clock_timestamp() end, lease = null,
       detail = '', email = null
 where id = $1::uuid and lease = $2::uuid and state = 'open'
