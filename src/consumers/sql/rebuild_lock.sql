-- In the shadow: one worker of all processes runs the feed. Ends with the connection.
SELECT pg_try_advisory_lock(hashtext('quadrille rebuild'))
