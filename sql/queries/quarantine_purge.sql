-- Forget what is kept of records quarantined before a moment: they may hold card data. The reason stays.
update quarantine
set
    record = '',
    status = case when status = 'open' then 'dropped' else status end
where created_at < :before and record <> ''
