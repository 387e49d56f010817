-- The dashboard's role: reads the report views and the report's settings, sees and writes no table otherwise.
-- Its verdicts and snoozes go through functions: fraud_dashboard_writes.sql.
-- `fraud-scorer migrate` gives it a login if a password is set. Roles belong to the server, rights to the database.
do $$
begin
    if not exists (select from pg_roles where rolname = 'fraud_dashboard') then
        create role fraud_dashboard nologin;
    end if;
exception
    -- another database's migrate was first
    when duplicate_object or unique_violation then null;
end
$$;

grant usage on schema public to fraud_dashboard;
grant select on report_settings to fraud_dashboard;

-- report views: every view of the schema
do $$
declare
    report_view name;
begin
    for report_view in select viewname from pg_views where schemaname = 'public' loop
        execute format('grant select on %I to fraud_dashboard', report_view);
    end loop;
end
$$;
