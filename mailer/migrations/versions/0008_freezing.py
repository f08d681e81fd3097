"""The references of a delivery are looked after a statement at a time on PostgreSQL, as a subscription's are.

Revision: 0008_freezing, after 0007_attributes.
"""

from alembic import op

revision = "0008_freezing"
down_revision = "0007_attributes"

# What the two foreign keys did, for all rows of a statement at once: half of what freezing cost (decision 0027).
REFERENCES = """
    CREATE FUNCTION deliveries_refer() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        wanted bigint;
        held bigint;
    BEGIN
        -- Held as a key would hold them: an erasure waits for what is added here, or this for the erasure.
        PERFORM FROM campaigns WHERE id IN (SELECT campaign_id FROM added) ORDER BY id FOR KEY SHARE;
        IF EXISTS (SELECT FROM (SELECT DISTINCT campaign_id FROM added) AS named
                   WHERE NOT EXISTS (SELECT FROM campaigns WHERE id = named.campaign_id)) THEN
            RAISE foreign_key_violation USING MESSAGE = 'foreign key: a delivery needs its campaign';
        END IF;
        SELECT count(subscriber_id) INTO wanted FROM added;
        PERFORM FROM subscribers WHERE id IN (SELECT subscriber_id FROM added) ORDER BY id FOR KEY SHARE;
        GET DIAGNOSTICS held = ROW_COUNT;
        IF held <> wanted AND EXISTS (  -- or the statement names somebody twice, for two campaigns
            SELECT FROM added WHERE subscriber_id IS NOT NULL
            AND NOT EXISTS (SELECT FROM subscribers WHERE id = added.subscriber_id)
        ) THEN
            RAISE foreign_key_violation USING MESSAGE = 'foreign key: a delivery needs its subscriber';
        END IF;
        RETURN NULL;
    END $$;
    CREATE TRIGGER deliveries_refer AFTER INSERT ON deliveries
        REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION deliveries_refer();

    CREATE FUNCTION deliveries_stay() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE foreign_key_violation USING MESSAGE = 'a delivery does not pass to another person or campaign';
    END $$;
    CREATE TRIGGER deliveries_stay BEFORE UPDATE OF campaign_id, subscriber_id ON deliveries FOR EACH ROW
        WHEN (NEW.campaign_id <> OLD.campaign_id
              OR NEW.subscriber_id IS NOT NULL AND NEW.subscriber_id IS DISTINCT FROM OLD.subscriber_id)
        EXECUTE FUNCTION deliveries_stay();
    CREATE TRIGGER campaigns_stay BEFORE UPDATE OF id ON campaigns FOR EACH ROW
        WHEN (NEW.id <> OLD.id) EXECUTE FUNCTION deliveries_stay();

    CREATE FUNCTION deliveries_let_go() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        UPDATE deliveries SET subscriber_id = NULL FROM gone WHERE deliveries.subscriber_id = gone.id;
        RETURN NULL;
    END $$;
    CREATE TRIGGER deliveries_let_go AFTER DELETE ON subscribers
        REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION deliveries_let_go();

    CREATE FUNCTION deliveries_go() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        DELETE FROM deliveries USING gone WHERE deliveries.campaign_id = gone.id;
        RETURN NULL;
    END $$;
    CREATE TRIGGER deliveries_go AFTER DELETE ON campaigns
        REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION deliveries_go();
"""


def upgrade() -> None:
    """Exchange the two foreign keys; SQLite keeps its own, which are cheap there."""
    if op.get_bind().dialect.name == "sqlite":
        return
    op.drop_constraint("fk_deliveries_campaign_id_campaigns", "deliveries", type_="foreignkey")
    op.drop_constraint("fk_deliveries_subscriber_id_subscribers", "deliveries", type_="foreignkey")
    op.execute(REFERENCES)
