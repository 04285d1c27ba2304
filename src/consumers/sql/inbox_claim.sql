-- Claims every id that is not claimed yet; duplicates fall away. $1 uuid[] (sorted, against deadlocks)
INSERT INTO inbox (id) SELECT unnest($1::uuid[]) ON CONFLICT DO NOTHING RETURNING id
