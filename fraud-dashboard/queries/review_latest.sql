-- The latest verdicts with who gave them and when. Grain: one statement; the last :most.
select
    said.label_id,
    said.trans_num,
    said.verdict,
    said.known_at_local,
    said.author,
    said.note
from v_payment_statements as said
where said.source = 'verdict'
order by said.label_id desc
limit :most;
