-- The dashboard's role: reads the report views, writes verdicts and snoozes, sees no table otherwise.
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
grant insert (trans_num, source, verdict, known_at, author, note) on labels to fraud_dashboard;
grant insert (subject, value, until, author, note) on snoozes to fraud_dashboard;

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

-- a label from the dashboard is a verdict, never a chargeback or a payload's word; nobody else is restricted
do $$
begin
    if not exists (select from pg_policies where tablename = 'labels' and policyname = 'labels_dashboard') then
        create policy labels_everyone on labels using (true) with check (true);
        create policy labels_dashboard on labels
        as restrictive for insert to fraud_dashboard with check (source = 'verdict');
        alter table labels enable row level security;
    end if;
end
$$;
