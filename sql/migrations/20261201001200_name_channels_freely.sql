-- A new alert channel needs no migration: the database checks how a channel's name is written, the library which exist.

-- migrate:up
-- squawk-ignore ban-drop-constraint
alter table outbox drop constraint outbox_channel_check;
-- not valid: what is there passed a stricter check
alter table outbox add constraint outbox_channel_check check (channel ~ '^[a-z][a-z_]*$') not valid;

-- migrate:down
-- squawk-ignore ban-drop-constraint
alter table outbox drop constraint outbox_channel_check;
-- not valid: messages of other channels stay
alter table outbox add constraint outbox_channel_check check (channel in ('email', 'slack')) not valid;
