-- The latest statement of each source about a payment, as far as it is known by now.
-- Grain: one payment and source. An `unsure` or `withdrawn` stands here too: it silences its source.
create or replace view v_latest_labels as
select
    latest.label_id,
    latest.trans_num,
    latest.source,
    latest.verdict,
    latest.known_at,
    latest.recorded_at,
    latest.author,
    latest.note
from labels as latest
where
    latest.known_at <= report_now()
    and not exists (
        select 1
        from labels as newer
        where
            newer.trans_num = latest.trans_num
            and newer.source = latest.source
            and newer.known_at <= report_now()
            -- a payload's statements are ordered by the landing of their deliveries, whenever these were loaded
            and (newer.known_at, coalesce(newer.landing_seq, 0), newer.label_id)
            > (latest.known_at, coalesce(latest.landing_seq, 0), latest.label_id)
    );
