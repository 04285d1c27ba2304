-- So that no upgrade of theirs begins unseen (member_share waits). $1 users
select from member where user_id = any ($1::uuid[]) order by user_id for update
