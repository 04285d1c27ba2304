-- Records the migration that the session settings name.
insert into schema_migration (module, name, hash)
values (current_setting('quadrille.migration_module'), current_setting('quadrille.migration_name'),
        current_setting('quadrille.migration_hash'))
