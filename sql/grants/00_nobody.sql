-- Every right is given anew by the files that follow, so that none outlives its reason. One transaction: nobody sees
-- the state between. Only what the owner owns: an extension's or another user's objects keep the rights they have.
do $$
declare
    roles constant text := 'fraud_writer, fraud_alerter, fraud_dashboard, fraud_auditor';
    ours oid[] := array(select oid from pg_namespace where nspname in ('public', 'report'));
    wanted record;
begin
    for wanted in
        select
            format(
                'revoke all on %s %s from %s',
                case when relkind = 'S' then 'sequence' else 'table' end,
                pg_class.oid::regclass,
                roles
            ) as statement
        from pg_class
        where
            relnamespace = any(ours)
            and relkind in ('r', 'p', 'v', 'm', 'S')
            and pg_has_role(relowner, 'usage')
        union all
        select
            format(
                'revoke all on routine %s from %s%s',
                pg_proc.oid::regprocedure,
                -- a report view's functions are for whoever may read the view
                case when pronamespace = 'public'::regnamespace then 'public, ' end,
                roles
            )
        from pg_proc
        where
            pronamespace = any(ours)
            and pg_has_role(proowner, 'usage')
            and not exists (select from pg_depend where objid = pg_proc.oid and deptype = 'e')
    loop
        execute wanted.statement;
    end loop;
end
$$;

revoke all on schema public, report from fraud_writer, fraud_alerter, fraud_dashboard, fraud_auditor;
-- names alone: what they lead to has rights of its own
grant usage on schema report to public;
