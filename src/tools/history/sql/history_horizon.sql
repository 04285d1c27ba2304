-- What lies before is complete: an earlier era, or this era and a smaller xid.
select max(era) as era, pg_snapshot_xmin(pg_current_snapshot()) as xid from log_era
