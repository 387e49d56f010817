-- Note what somebody did beside the pipeline's own runs; login and time are PostgreSQL's own word.
insert into audit_events (actor, action, detail)
values (%(actor)s, %(action)s, %(detail)s::jsonb)
