-- One event leads to one event of a kind: a duplicate that was processed twice has two. Answers that exclude each other
-- are of one kind.
-- $1 how many to show
with contraries (type, kind) as (
    values ('fit.billing.PaymentFailed.v1', 'fit.billing.PaymentCompleted.v1'),
           ('fit.billing.PaymentVoided.v1', 'fit.billing.PaymentRefunded.v1'),
           ('fit.coaching.PlanGenerationFailed.v1', 'fit.coaching.PlanGenerated.v1'),
           ('fit.subscription.PremiumRevoked.v1', 'fit.subscription.PremiumActivationFailed.v1'),
           ('fit.subscription.PremiumUpgradeRejected.v1', 'fit.subscription.PremiumUpgradeCompleted.v1'),
           ('fit.subscription.PremiumUpgradeCancelled.v1', 'fit.subscription.PremiumUpgradeCompleted.v1')
), judged as (
    select (array_agg(o.id order by o.id desc))[1] as event, o.causation_id as cause,
           (array_agg(o.subject order by o.id desc))[1] as subject, (array_agg(o.type order by o.id desc))[1] as type,
           1::int8 as wanted, count(*) as found,
           case when count(distinct o.type) > 1 then 'one cause was answered in contrary ways'
                when count(*) > 1 then 'one cause was answered more than once' end as wrong
      from outbox o
      left join contraries c on c.type = o.type
     where o.kind = 0 and o.causation_id is not null
     group by o.causation_id, coalesce(c.kind, o.type)
)
select counted.judged, counted.differing, w.event, w.cause, w.subject, w.type, w.wanted, w.found, w.wrong
  from (select count(*) as judged, count(wrong) as differing from judged) counted
  left join (select * from judged where wrong is not null order by event limit $1::int8) w on true
