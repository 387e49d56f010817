-- The five roles. Each is a group that your own logins can be members of, and a login itself once `migrate` knows a
-- password for it. Roles belong to the server, rights (sql/grants/) to the database.
-- Run by who may make roles: a superuser, or a hosted server's master.
do $$
declare
    wanted name;
begin
    foreach wanted in array
        array['fraud_owner', 'fraud_writer', 'fraud_alerter', 'fraud_dashboard', 'fraud_auditor']::name[]
    loop
        begin
            if not exists (select from pg_roles where rolname = wanted) then
                execute format('create role %I nologin', wanted);
            end if;
        exception
            -- another database's migrate was first
            when duplicate_object or unique_violation then null;
        end;
    end loop;
end
$$;

-- Limits of each role's sessions. A session can lift those on time for itself: they end what got stuck, they stop no
-- attacker. The number of connections and the size of temporary files bind everyone but a superuser.
do $$
declare
    has_all boolean := (select rolsuper from pg_roles where rolname = current_user);
    wanted record;
begin
    for wanted in
        select *
        from (
            values
            ('fraud_owner', 'lock_timeout', '5min'),
            ('fraud_owner', 'idle_in_transaction_session_timeout', '15min'),
            ('fraud_writer', 'statement_timeout', '1h'),
            ('fraud_writer', 'lock_timeout', '5min'),
            ('fraud_writer', 'idle_in_transaction_session_timeout', '15min'),
            ('fraud_alerter', 'statement_timeout', '30s'),
            ('fraud_alerter', 'lock_timeout', '10s'),
            ('fraud_alerter', 'idle_in_transaction_session_timeout', '1min'),
            ('fraud_dashboard', 'statement_timeout', '1min'),
            ('fraud_dashboard', 'lock_timeout', '5s'),
            ('fraud_dashboard', 'idle_in_transaction_session_timeout', '30s'),
            ('fraud_dashboard', 'search_path', 'report'),
            ('fraud_dashboard', 'temp_file_limit', '2GB'),
            ('fraud_auditor', 'statement_timeout', '10min'),
            ('fraud_auditor', 'lock_timeout', '5s'),
            ('fraud_auditor', 'idle_in_transaction_session_timeout', '5min'),
            ('fraud_auditor', 'default_transaction_read_only', 'on'),
            ('fraud_auditor', 'temp_file_limit', '2GB')
        ) as limits (login, setting, value)
    loop
        continue when wanted.setting = 'temp_file_limit' and not has_all;
        continue when exists (
            select
            from pg_db_role_setting as known
            inner join pg_roles on pg_roles.oid = known.setrole
            where
                known.setdatabase = 0
                and pg_roles.rolname = wanted.login
                and wanted.setting || '=' || wanted.value = any(known.setconfig)
        );
        execute format('alter role %I set %I = %L', wanted.login, wanted.setting, wanted.value);
    end loop;
    for wanted in
        select *
        from (values ('fraud_alerter', 10), ('fraud_dashboard', 30), ('fraud_auditor', 10)) as limits (login, most)
        inner join pg_roles on pg_roles.rolname = limits.login and pg_roles.rolconnlimit <> limits.most
    loop
        execute format('alter role %I connection limit %s', wanted.login, wanted.most);
    end loop;
end
$$;

-- Who is no superuser must be a member of the role that shall own the objects, to hand them over and to migrate.
do $$
begin
    if (select rolsuper or rolname = 'fraud_owner' from pg_roles where rolname = current_user) then
        return;
    end if;
    if current_setting('server_version_num')::integer < 160000 then
        if not pg_has_role(current_user, 'fraud_owner', 'usage') then
            execute format('grant fraud_owner to %I', current_user);
        end if;
    elsif not (pg_has_role(current_user, 'fraud_owner', 'usage') and pg_has_role(current_user, 'fraud_owner', 'set'))
    then
        execute format('grant fraud_owner to %I with inherit true, set true', current_user);
    end if;
end
$$;
