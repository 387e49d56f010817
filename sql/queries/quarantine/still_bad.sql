-- Records that were tried again and are bad still, perhaps for another reason.
update quarantine
set
    reason = tried.reason,
    detail = tried.detail
from unnest(%(ids)s::bigint[], %(reasons)s::text[], %(details)s::text[]) as tried (quarantine_id, reason, detail)
where
    quarantine.quarantine_id = tried.quarantine_id
    and quarantine.status = 'open'
    and (quarantine.reason, quarantine.detail) <> (tried.reason, tried.detail)
