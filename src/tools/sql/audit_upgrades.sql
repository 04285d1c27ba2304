-- Every upgrade with what it has been given and how often its end was said; what was requested, or whose end was said, and
-- is no upgrade has no state.
declare stories no scroll cursor for
with said as (
    select subject,
           count(*) filter (where type = 'fit.subscription.PremiumUpgradeRequested.v1') as requested,
           count(*) filter (where type = 'fit.subscription.PremiumUpgradeCompleted.v1') as completed,
           count(*) filter (where type = 'fit.subscription.PremiumUpgradeRejected.v1') as rejected,
           count(*) filter (where type = 'fit.subscription.PremiumUpgradeCancelled.v1') as cancelled
      from outbox
     where kind = 0
       and type in ('fit.subscription.PremiumUpgradeRequested.v1', 'fit.subscription.PremiumUpgradeCompleted.v1',
                    'fit.subscription.PremiumUpgradeRejected.v1', 'fit.subscription.PremiumUpgradeCancelled.v1')
     group by subject
)
select coalesce(u.id, s.subject) as id, u.state, u.amount_minor, u.currency, u.ended_at,
       (extract(epoch from clock_timestamp() - u.requested_at) * 1000)::int8 as age_ms,
       coalesce(e.active, false) as is_premium,
       coalesce(s.completed, 0) as completed, coalesce(s.rejected, 0) as rejected, coalesce(s.cancelled, 0) as cancelled,
       coalesce(s.requested, 0) as requested
  from upgrade u
  left join entitlement e on e.upgrade_id = u.id
  full join said s on s.subject = u.id
 order by 1
