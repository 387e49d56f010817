-- A snapshot of what sql/migrations make, for reading; a test holds the two equal.
CREATE FUNCTION public.keep_predecessors() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
begin
    insert into payment_history (trans_num, replaced_by_seq, why, landing_seq, was)
    select
        was.trans_num,
        became.landing_seq,
        case when became.body_hash <> was.body_hash then 'correction' else 'rescore' end,
        was.landing_seq,
        to_jsonb(was)
    from was
    inner join became on was.trans_num = became.trans_num
    where was is distinct from became
    order by was.trans_num;
    return null;
end
$$;
CREATE TABLE public.card_tokens (
    earlier_token text NOT NULL,
    token text NOT NULL,
    noted_at timestamp with time zone DEFAULT now() NOT NULL
);
COMMENT ON TABLE public.card_tokens IS 'Tokens that an older card key made, and the same card''s token under a newer one.';
CREATE TABLE public.circuit_breaker (
    endpoint text NOT NULL,
    failed_runs integer DEFAULT 0 NOT NULL,
    open_until timestamp with time zone,
    last_error text,
    changed_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.drift_days (
    day date NOT NULL,
    model_hash text NOT NULL,
    payments bigint NOT NULL,
    compared bigint NOT NULL,
    whole_day boolean NOT NULL,
    reference jsonb,
    computed_at timestamp with time zone DEFAULT now() NOT NULL
);
CREATE TABLE public.feature_drift (
    day date NOT NULL,
    model_hash text NOT NULL,
    feature text NOT NULL,
    feature_group text NOT NULL,
    psi double precision NOT NULL,
    missing_share double precision NOT NULL,
    bins text[] NOT NULL,
    reference_shares real[] NOT NULL,
    day_shares real[] NOT NULL,
    CONSTRAINT feature_drift_check CHECK ((cardinality(bins) = cardinality(reference_shares))),
    CONSTRAINT feature_drift_check1 CHECK ((cardinality(bins) = cardinality(day_shares))),
    CONSTRAINT feature_drift_feature_group_check CHECK ((feature_group = ANY (ARRAY['payment'::text, 'card'::text, 'merchant'::text, 'score'::text]))),
    CONSTRAINT feature_drift_missing_share_check CHECK (((missing_share >= (0)::double precision) AND (missing_share <= (1)::double precision)))
);
COMMENT ON TABLE public.feature_drift IS 'Population stability index of a day''s payments against the model''s reference.';
CREATE TABLE public.labels (
    label_id bigint NOT NULL,
    trans_num text NOT NULL,
    source text NOT NULL,
    verdict text NOT NULL,
    known_at timestamp with time zone NOT NULL,
    recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    author text NOT NULL,
    note text,
    landing_seq bigint,
    CONSTRAINT labels_source_check CHECK ((source = ANY (ARRAY['payload'::text, 'verdict'::text, 'chargeback'::text]))),
    CONSTRAINT labels_verdict_check CHECK ((verdict = ANY (ARRAY['fraud'::text, 'not_fraud'::text, 'unsure'::text, 'withdrawn'::text])))
);
ALTER TABLE public.labels ALTER COLUMN label_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.labels_label_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.landing_index (
    batch_id text NOT NULL,
    part integer NOT NULL,
    path text NOT NULL,
    sha256 text NOT NULL,
    byte_count bigint NOT NULL,
    http_status integer NOT NULL,
    received_at timestamp with time zone NOT NULL
);
CREATE TABLE public.merchant_profiles (
    profile_day date NOT NULL,
    merchant text NOT NULL,
    payments_7d bigint NOT NULL,
    payments_30d bigint NOT NULL,
    labelled_7d bigint NOT NULL,
    labelled_30d bigint NOT NULL,
    frauds_7d bigint NOT NULL,
    frauds_30d bigint NOT NULL
);
CREATE TABLE public.outbox (
    message_id text NOT NULL,
    batch_id text,
    kind text NOT NULL,
    channel text NOT NULL,
    recipient text NOT NULL,
    content jsonb NOT NULL,
    status text DEFAULT 'pending'::text NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    next_attempt_at timestamp with time zone DEFAULT now() NOT NULL,
    lease uuid,
    leased_until timestamp with time zone,
    last_error text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    sent_at timestamp with time zone,
    CONSTRAINT outbox_channel_check CHECK ((channel = ANY (ARRAY['email'::text, 'slack'::text]))),
    CONSTRAINT outbox_kind_check CHECK ((kind = ANY (ARRAY['alert'::text, 'operator'::text, 'daily'::text]))),
    CONSTRAINT outbox_status_check CHECK ((status = ANY (ARRAY['pending'::text, 'sent'::text, 'failed'::text, 'suppressed'::text])))
);
CREATE TABLE public.outbox_payments (
    channel text NOT NULL,
    recipient text NOT NULL,
    trans_num text NOT NULL,
    message_id text NOT NULL
);
CREATE TABLE public.payment_history (
    history_id bigint NOT NULL,
    trans_num text NOT NULL,
    replaced_at timestamp with time zone DEFAULT now() NOT NULL,
    replaced_by_seq bigint NOT NULL,
    why text NOT NULL,
    landing_seq bigint NOT NULL,
    was jsonb NOT NULL,
    CONSTRAINT payment_history_why_check CHECK ((why = ANY (ARRAY['correction'::text, 'rescore'::text])))
);
ALTER TABLE public.payment_history ALTER COLUMN history_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.payment_history_history_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.payments_scored (
    trans_num text NOT NULL,
    event_time timestamp with time zone NOT NULL,
    first_batch_id text NOT NULL,
    first_landing_seq bigint NOT NULL,
    batch_id text NOT NULL,
    landing_seq bigint NOT NULL,
    body_hash bytea NOT NULL,
    amount_cents bigint NOT NULL,
    currency character(3) NOT NULL,
    is_refund boolean GENERATED ALWAYS AS ((amount_cents < 0)) STORED NOT NULL,
    card_token text NOT NULL,
    card_key_id text NOT NULL,
    card_last4 character(4) NOT NULL,
    merchant text NOT NULL,
    category text,
    city text,
    state text,
    zip text,
    home_lat double precision,
    home_long double precision,
    merch_lat double precision,
    merch_long double precision,
    city_pop integer,
    gender text,
    age_years double precision,
    payload_is_fraud boolean,
    raw_score double precision,
    fraud_probability double precision,
    threshold double precision,
    flagged boolean DEFAULT false NOT NULL,
    reasons jsonb,
    features real[],
    model_hash text,
    scored_by text,
    scored_at timestamp with time zone,
    CONSTRAINT payments_scored_fraud_probability_check CHECK (((fraud_probability >= (0)::double precision) AND (fraud_probability <= (1)::double precision))),
    CONSTRAINT payments_scored_scored_by_check CHECK ((scored_by = ANY (ARRAY['local'::text, 'sagemaker'::text, 'local-fallback'::text])))
)
WITH (autovacuum_vacuum_insert_scale_factor='0.01');
COMMENT ON TABLE public.payments_scored IS 'One row a payment: its latest body and its decision in force.';
COMMENT ON COLUMN public.payments_scored.amount_cents IS 'Minor units of currency; negative is a refund.';
COMMENT ON COLUMN public.payments_scored.features IS 'What the scorer saw, in the order of the manifest of model_hash.';
CREATE TABLE public.quarantine (
    quarantine_id bigint NOT NULL,
    batch_id text NOT NULL,
    part integer NOT NULL,
    row_index integer,
    reason text NOT NULL,
    detail text NOT NULL,
    record bytea NOT NULL,
    status text DEFAULT 'open'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT quarantine_status_check CHECK ((status = ANY (ARRAY['open'::text, 'retried'::text, 'dropped'::text])))
);
ALTER TABLE public.quarantine ALTER COLUMN quarantine_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.quarantine_quarantine_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
CREATE TABLE public.report_settings (
    only_row boolean DEFAULT true NOT NULL,
    time_zone text DEFAULT 'UTC'::text NOT NULL,
    label_delay interval DEFAULT '7 days'::interval NOT NULL,
    currency character(3) DEFAULT 'USD'::bpchar NOT NULL,
    CONSTRAINT report_settings_only_row_check CHECK (only_row)
);
CREATE TABLE public.run_ledger (
    batch_id text NOT NULL,
    kind text NOT NULL,
    minute timestamp with time zone,
    status text NOT NULL,
    landing_seq bigint,
    claim uuid,
    attempts integer DEFAULT 0 NOT NULL,
    landed_at timestamp with time zone,
    loaded_at timestamp with time zone,
    lag_seconds double precision,
    seconds double precision,
    received integer DEFAULT 0 NOT NULL,
    valid integer DEFAULT 0 NOT NULL,
    quarantined integer DEFAULT 0 NOT NULL,
    inserted integer DEFAULT 0 NOT NULL,
    updated integer DEFAULT 0 NOT NULL,
    unchanged integer DEFAULT 0 NOT NULL,
    flagged integer DEFAULT 0 NOT NULL,
    alerted integer DEFAULT 0 NOT NULL,
    scored_by text,
    fallback_reason text,
    invoked_variant text,
    threshold double precision,
    model_hash text,
    error text,
    refusals integer DEFAULT 0 NOT NULL,
    CONSTRAINT run_ledger_check CHECK (((kind = 'minute'::text) = (minute IS NOT NULL))),
    CONSTRAINT run_ledger_kind_check CHECK ((kind = ANY (ARRAY['minute'::text, 'history'::text, 'retry'::text]))),
    CONSTRAINT run_ledger_status_check CHECK ((status = ANY (ARRAY['landed'::text, 'done'::text, 'failed'::text, 'missed'::text])))
);
COMMENT ON COLUMN public.run_ledger.attempts IS 'Runs that claimed it before it was loaded, whatever ended them.';
COMMENT ON COLUMN public.run_ledger.refusals IS 'Runs in which it alone was refused; at the fifth it has failed.';
CREATE TABLE public.schema_migrations (
    version character varying NOT NULL
);
CREATE TABLE public.shadow_scores (
    trans_num text NOT NULL,
    model_hash text NOT NULL,
    raw_score double precision NOT NULL,
    fraud_probability double precision NOT NULL,
    threshold double precision NOT NULL,
    flagged boolean NOT NULL,
    scored_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT shadow_scores_fraud_probability_check CHECK (((fraud_probability >= (0)::double precision) AND (fraud_probability <= (1)::double precision)))
);
COMMENT ON TABLE public.shadow_scores IS 'Decisions of models that score along (SHADOW_ARTIFACTS), beside the live ones.';
CREATE TABLE public.snoozes (
    snooze_id bigint NOT NULL,
    subject text NOT NULL,
    value text NOT NULL,
    until timestamp with time zone NOT NULL,
    author text NOT NULL,
    note text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT snoozes_subject_check CHECK ((subject = ANY (ARRAY['card'::text, 'merchant'::text])))
);
ALTER TABLE public.snoozes ALTER COLUMN snooze_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME public.snoozes_snooze_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);
ALTER TABLE ONLY public.card_tokens
    ADD CONSTRAINT card_tokens_pkey PRIMARY KEY (earlier_token);
ALTER TABLE ONLY public.circuit_breaker
    ADD CONSTRAINT circuit_breaker_pkey PRIMARY KEY (endpoint);
ALTER TABLE ONLY public.drift_days
    ADD CONSTRAINT drift_days_pkey PRIMARY KEY (day, model_hash);
ALTER TABLE ONLY public.feature_drift
    ADD CONSTRAINT feature_drift_pkey PRIMARY KEY (day, model_hash, feature);
ALTER TABLE ONLY public.labels
    ADD CONSTRAINT labels_pkey PRIMARY KEY (label_id);
ALTER TABLE ONLY public.landing_index
    ADD CONSTRAINT landing_index_pkey PRIMARY KEY (batch_id, part);
ALTER TABLE ONLY public.merchant_profiles
    ADD CONSTRAINT merchant_profiles_pkey PRIMARY KEY (profile_day, merchant);
ALTER TABLE ONLY public.outbox_payments
    ADD CONSTRAINT outbox_payments_pkey PRIMARY KEY (channel, recipient, trans_num);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_pkey PRIMARY KEY (message_id);
ALTER TABLE ONLY public.payment_history
    ADD CONSTRAINT payment_history_pkey PRIMARY KEY (history_id);
ALTER TABLE ONLY public.payments_scored
    ADD CONSTRAINT payments_scored_pkey PRIMARY KEY (trans_num);
ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_batch_id_part_row_index_key UNIQUE NULLS NOT DISTINCT (batch_id, part, row_index);
ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_pkey PRIMARY KEY (quarantine_id);
ALTER TABLE ONLY public.report_settings
    ADD CONSTRAINT report_settings_pkey PRIMARY KEY (only_row);
ALTER TABLE ONLY public.run_ledger
    ADD CONSTRAINT run_ledger_landing_seq_key UNIQUE (landing_seq);
ALTER TABLE ONLY public.run_ledger
    ADD CONSTRAINT run_ledger_pkey PRIMARY KEY (batch_id);
ALTER TABLE ONLY public.schema_migrations
    ADD CONSTRAINT schema_migrations_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.shadow_scores
    ADD CONSTRAINT shadow_scores_pkey PRIMARY KEY (trans_num, model_hash);
ALTER TABLE ONLY public.snoozes
    ADD CONSTRAINT snoozes_pkey PRIMARY KEY (snooze_id);
CREATE UNIQUE INDEX labels_chargeback_once ON public.labels USING btree (trans_num, verdict, known_at) WHERE (source = 'chargeback'::text);
CREATE INDEX labels_known ON public.labels USING btree (known_at);
CREATE UNIQUE INDEX labels_payload_landing ON public.labels USING btree (trans_num, landing_seq) WHERE (source = 'payload'::text);
CREATE INDEX labels_trans_num ON public.labels USING btree (trans_num);
CREATE INDEX outbox_batch ON public.outbox USING btree (batch_id);
CREATE INDEX outbox_created ON public.outbox USING btree (created_at);
CREATE INDEX outbox_open ON public.outbox USING btree (created_at) WHERE (status = ANY (ARRAY['pending'::text, 'failed'::text]));
CREATE INDEX outbox_payments_message ON public.outbox_payments USING btree (message_id);
CREATE INDEX outbox_payments_trans_num ON public.outbox_payments USING btree (trans_num);
CREATE INDEX outbox_waiting ON public.outbox USING btree (next_attempt_at) WHERE (status = 'pending'::text);
CREATE INDEX payment_history_trans_num ON public.payment_history USING btree (trans_num, history_id);
CREATE INDEX payments_scored_batch ON public.payments_scored USING btree (batch_id);
CREATE INDEX payments_scored_card ON public.payments_scored USING btree (card_token, event_time);
CREATE INDEX payments_scored_corrected ON public.payments_scored USING btree (landing_seq) WHERE (landing_seq > first_landing_seq);
CREATE INDEX payments_scored_draw ON public.payments_scored USING btree (event_time) INCLUDE (trans_num) WHERE ((NOT flagged) AND (amount_cents >= 0) AND (hashtextextended(trans_num, (0)::bigint) < '-9151314442816847872'::bigint));
CREATE INDEX payments_scored_event_time ON public.payments_scored USING btree (event_time) INCLUDE (amount_cents, currency, category, flagged);
CREATE INDEX payments_scored_flagged ON public.payments_scored USING btree (event_time) WHERE flagged;
CREATE INDEX payments_scored_payload_fraud ON public.payments_scored USING btree (event_time) WHERE payload_is_fraud;
CREATE INDEX quarantine_open ON public.quarantine USING btree (quarantine_id) WHERE (status = 'open'::text);
CREATE INDEX run_ledger_loaded ON public.run_ledger USING btree (loaded_at);
CREATE INDEX run_ledger_minute ON public.run_ledger USING btree (minute DESC);
CREATE INDEX run_ledger_open ON public.run_ledger USING btree (status) WHERE (status = ANY (ARRAY['failed'::text, 'landed'::text]));
CREATE INDEX run_ledger_unloaded ON public.run_ledger USING btree (landing_seq) WHERE (status = 'landed'::text);
CREATE INDEX snoozes_value ON public.snoozes USING btree (subject, value, until);
CREATE TRIGGER payments_scored_keep_predecessors AFTER UPDATE ON public.payments_scored REFERENCING OLD TABLE AS was NEW TABLE AS became FOR EACH STATEMENT EXECUTE FUNCTION public.keep_predecessors();
ALTER TABLE ONLY public.feature_drift
    ADD CONSTRAINT feature_drift_day_model_hash_fkey FOREIGN KEY (day, model_hash) REFERENCES public.drift_days(day, model_hash) ON DELETE CASCADE;
ALTER TABLE ONLY public.landing_index
    ADD CONSTRAINT landing_index_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES public.run_ledger(batch_id);
ALTER TABLE ONLY public.outbox
    ADD CONSTRAINT outbox_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES public.run_ledger(batch_id);
ALTER TABLE ONLY public.outbox_payments
    ADD CONSTRAINT outbox_payments_message_id_fkey FOREIGN KEY (message_id) REFERENCES public.outbox(message_id);
ALTER TABLE ONLY public.quarantine
    ADD CONSTRAINT quarantine_batch_id_fkey FOREIGN KEY (batch_id) REFERENCES public.run_ledger(batch_id);
