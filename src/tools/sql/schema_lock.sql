-- One deployment at a time: roles belong to the whole cluster, and a migration is applied once. Ends with the connection.
select pg_advisory_lock(hashtext('quadrille schema'))
