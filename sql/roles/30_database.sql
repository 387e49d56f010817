-- The database itself: owned by fraud_owner; no temporary tables but the pipeline's; report views found by everyone.
-- Run by a superuser or who owns the database; a superuser also takes from everyone what writes or locks without any
-- table's right: advisory locks (the pipeline's could be held) and large objects (the disk could be filled). Where
-- others have tables in this database too, it stays theirs, and nothing is taken from them.
do $$
declare
    this name := current_database();
    wanted record;
begin
    execute format('alter database %I set search_path to "$user", public, report', this);
    execute format('grant connect on database %I to public', this);
    execute format('grant all on database %I to fraud_owner', this);
    execute format('grant temporary on database %I to fraud_writer', this);
    if exists (
        select
        from pg_class
        where
            relkind in ('r', 'p')
            and relowner <> 'fraud_owner'::regrole
            and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema')
            and relnamespace::regnamespace::text not like 'pg\_t%'
            and not exists (select from pg_depend where objid = pg_class.oid and deptype = 'e')
    ) then
        return;
    end if;
    execute format('revoke all on database %I from public', this);
    execute format('grant connect on database %I to public', this);
    revoke create on schema public from public;
    if (select datdba <> 'fraud_owner'::regrole from pg_database where datname = this) then
        execute format('alter database %I owner to fraud_owner', this);
    end if;
    if not (select rolsuper from pg_roles where rolname = current_user) then
        return;
    end if;
    for wanted in
        select
            pg_proc.oid::regprocedure as signature,
            proname like '%advisory%' as is_lock
        from pg_proc
        where
            pronamespace = 'pg_catalog'::regnamespace
            and (proname like 'pg\_%advisory%' or proname like 'lo\_%' or proname in ('lowrite', 'loread'))
    loop
        execute format('revoke execute on function %s from public', wanted.signature);
        if wanted.is_lock then
            execute format('grant execute on function %s to fraud_owner, fraud_writer', wanted.signature);
        end if;
    end loop;
    -- a server of fraud_db's own: its logins need none of the server's other databases, where they could fill the disk
    if not exists (
        select
        from pg_roles
        where
            rolcanlogin
            and not rolsuper
            and rolname not in ('fraud_owner', 'fraud_writer', 'fraud_alerter', 'fraud_dashboard', 'fraud_auditor')
    ) then
        revoke connect, temporary on database postgres from public;
        revoke connect, temporary on database template1 from public;
    end if;
end
$$;
