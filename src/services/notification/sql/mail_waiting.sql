-- Mails that keep failing or whose recipient stays unknown.
select count(*) from mail where state = 'open' and (tries > 5 or noted_at < now() - interval '1 hour')
