-- Airflow's metadata: is the pipeline paused, and how long has none of its tasks started? Grain: one row.
select
    dag.is_paused,
    extract(epoch from now() - max(ti.start_date)) as idle_seconds
from dag
left join dag_run as dr on dag.dag_id = dr.dag_id and dr.run_after > now() - interval '15 minutes'
left join task_instance as ti on dr.dag_id = ti.dag_id and dr.run_id = ti.run_id
where dag.dag_id = 'fraud_pipeline'
group by dag.is_paused
