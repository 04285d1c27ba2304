-- Mails that keep failing, that the server refuses, or whose recipient stays unknown.
select count(*) from mail where state = 'open' and (tries > 5 or refused_since is not null or noted_at < now() - interval '1 hour')
