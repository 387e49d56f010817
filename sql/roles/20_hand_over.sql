-- What an earlier release's user owns becomes fraud_owner's: who owned schema_migrations, and all of theirs in the
-- schemas public and report. That user becomes a member of fraud_owner, so that what still signs in as it goes on. What
-- other users made there stays theirs. Run by a superuser or that user.
do $$
declare
    former oid := (select relowner from pg_class where oid = to_regclass('public.schema_migrations'));
    ours oid[] := array(select oid from pg_namespace where nspname in ('public', 'report'));
    wanted record;
begin
    if exists (
        select from pg_namespace where nspname = 'report' and nspowner <> 'fraud_owner'::regrole
    ) then
        alter schema report owner to fraud_owner;
    end if;
    if former is null or former = 'fraud_owner'::regrole then
        return;
    end if;
    grant usage, create on schema public to fraud_owner;
    if not exists (
        select
        from pg_roles
        where oid = former and (rolsuper or rolname = current_user or starts_with(rolname, 'fraud_'))
    ) then
        execute format(
            'grant fraud_owner to %s%s',
            former::regrole,
            case when current_setting('server_version_num')::integer >= 160000 then ' with inherit true, set true' end
        );
    end if;
    for wanted in
        select format('alter table %s owner to fraud_owner', pg_class.oid::regclass) as statement
        from pg_class
        where
            relnamespace = any(ours)
            and relowner = former
            and (
                relkind in ('r', 'p', 'v', 'm')
                -- a column's own sequence goes with its table
                or (relkind = 'S' and not exists (
                    select from pg_depend where objid = pg_class.oid and deptype in ('a', 'i')
                ))
            )
            and not relispartition
        union all
        select format('alter routine %s owner to fraud_owner', pg_proc.oid::regprocedure)
        from pg_proc
        where
            pronamespace = any(ours)
            and proowner = former
            and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
        union all
        select format('alter type %s owner to fraud_owner', pg_type.oid::regtype)
        from pg_type
        left join pg_class on pg_class.oid = pg_type.typrelid
        where
            typnamespace = any(ours)
            and typowner = former
            and (typtype in ('e', 'd') or pg_class.relkind = 'c')
            and not exists (select from pg_depend where objid = pg_type.oid and deptype = 'e')
        union all
        select format('alter table %s owner to fraud_owner', pg_class.oid::regclass)
        from pg_class
        where relnamespace = any(ours) and relowner = former and relispartition
    loop
        execute wanted.statement;
    end loop;
end
$$;
