-- What counts is the premium plan where a user has one, else the newest ordinary one, and it is there; nothing is left of
-- a user who is gone.
-- $1 how many to show
with judged as (
    select null::uuid as event, null::uuid as cause, a.user_id as subject, null::text as type, null::int8 as wanted,
           null::int8 as found,
           case when a.is_gone and p.has_any then 'the user is gone and still has a plan'
                when a.plan_id is not null and counts.id is null then 'the plan that counts is not there'
                when a.ordinary_plan_id is not null and ordinary.id is null then 'the ordinary plan is not there'
                when p.has_premium and counts.tier is distinct from 'premium' then 'the premium plan does not count'
                when not p.has_premium and a.plan_id is distinct from a.ordinary_plan_id
                    then 'the newest ordinary plan does not count' end as wrong
      from athlete a
      left join plan counts on counts.id = a.plan_id and counts.user_id = a.user_id
      left join plan ordinary on ordinary.id = a.ordinary_plan_id and ordinary.user_id = a.user_id
                             and ordinary.tier = 'ordinary'
      cross join lateral (select count(*) > 0 as has_any, coalesce(bool_or(tier = 'premium'), false) as has_premium
                            from plan
                           where user_id = a.user_id) p
)
select counted.judged, counted.differing, w.event, w.cause, w.subject, w.type, w.wanted, w.found, w.wrong
  from (select count(*) as judged, count(wrong) as differing from judged) counted
  left join (select * from judged where wrong is not null order by subject limit $1::int8) w on true
