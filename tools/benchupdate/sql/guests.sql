SELECT EXISTS (SELECT FROM pg_catalog.pg_stat_activity WHERE application_name = 'psql')
