-- Is the projection being rebuilt, and in which database?
SELECT shadow FROM rebuild
