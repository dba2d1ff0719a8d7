//! What a pruner tells of itself, whatever happens to it.

use std::collections::BTreeSet;

use threadline::telemetry::{self, EVENTS};

use super::pruner::{old_items, pruner, until};
use crate::support::events::Recorder;

/// A trigger on the records of runs, with the rights of a superuser.
fn disturb(event: &str, body: &str) -> String {
    format!(
        "CREATE FUNCTION disturb() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN {body} END $$;
         CREATE TRIGGER z_disturb BEFORE {event} ON threadline.audit_retention_runs FOR EACH ROW EXECUTE FUNCTION disturb()"
    )
}

const LEAVE: &str = "DROP FUNCTION disturb() CASCADE";

#[tokio::test]
async fn every_event_of_a_pruner_is_in_the_registry_and_quotes_nothing() {
    let test = old_items(10).await;
    let (recorder, _guard) = Recorder::listen();
    let told = |name| {
        recorder
            .checked(&["secret"])
            .iter()
            .any(|event| event.name == name)
    };
    let hold = test.pool(1).await;
    let lock = "pg_advisory_lock(hashtext('threadline.retention'), hashtext('threadline'))";
    crate::support::run(&hold, &format!("SELECT {lock}")).await;
    let db = test.pool(4).await;
    let running = pruner().spawn(db.clone());
    until(async || told("retention.busy")).await;
    running.stop().await;

    test.run(&disturb("INSERT", "RAISE 'secret-value';")).await;
    hold.close().await.unwrap();
    let running = pruner().spawn(db.clone());
    until(async || told("retention.failed")).await;
    running.stop().await;
    test.run(LEAVE).await;

    test.run(&disturb("UPDATE", "RAISE 'secret-value';")).await;
    let running = pruner().spawn(db.clone());
    until(async || told("retention.end_not_recorded")).await;
    running.stop().await;
    test.run(LEAVE).await;

    let cut = "PERFORM pg_terminate_backend(pid) FROM pg_locks
        WHERE locktype = 'advisory' AND pid <> pg_backend_pid()
          AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
        RETURN NEW;";
    test.run(&disturb("INSERT", cut)).await;
    let running = pruner().spawn(db.clone());
    until(async || told("retention.lock_lost") && told("retention.done")).await;
    running.stop().await;

    // No panic can be had from outside.
    telemetry::retention_panicked();

    let events = recorder.checked(&["secret"]);
    let seen: BTreeSet<_> = events.iter().map(|event| event.name).collect();
    let of_retention = EVENTS.iter().map(|event| event.name);
    let of_retention = of_retention.filter(|name| name.starts_with("retention."));
    assert_eq!(seen, of_retention.collect());
    let refused = |name| {
        let event = events.iter().find(|event| event.name == name).unwrap();
        (&*event.fields["error_kind"], &*event.fields["sqlstate"])
    };
    assert_eq!(refused("retention.failed"), ("database", "P0001"));
    assert_eq!(refused("retention.end_not_recorded"), ("database", "P0001"));
}
