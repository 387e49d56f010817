-- Make the landing index know one landed answer. Known already: nothing.
insert into landing_index (batch_id, part, path, sha256, byte_count, http_status, received_at)
values (%(batch_id)s, %(part)s, %(path)s, %(sha256)s, %(byte_count)s, %(http_status)s, %(received_at)s)
on conflict (batch_id, part) do nothing
