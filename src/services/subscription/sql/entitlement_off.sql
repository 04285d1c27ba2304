-- $1 upgrade
update entitlement set active = false where upgrade_id = $1::uuid and active
