-- In the shadow: they are committed, up to this place. $1 place
DELETE FROM rebuild_feed WHERE place <= $1::int8
