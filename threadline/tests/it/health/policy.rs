use threadline::{
    CapturePolicy,
    health::{Difference, Health, TablePolicy, Verdict},
    policy::{ContextMode, TruncateMode},
};

use super::{POSTS, declared, posts};
use crate::support::{TestDb, sql::names};

async fn of_posts(health: &Health, test: &TestDb) -> TablePolicy {
    let report = health.fetch_policies(&test.db).await.unwrap();
    assert_eq!(report.tables.len(), 1, "{report:#?}");
    report.tables[0].clone()
}

fn policy() -> CapturePolicy {
    CapturePolicy {
        exclude: names(&["title"]),
        mask: names(&["secret"]),
        ..CapturePolicy::default()
    }
}

#[tokio::test]
async fn a_policy_matches_only_if_every_word_of_it_is_deployed() {
    let test = TestDb::with_tables(POSTS, &[]).await;
    test.capture("posts", policy()).await;
    let health = |policy| Health::new().declare([declared("posts", policy)]);
    assert_eq!(
        of_posts(&health(policy()), &test).await.verdict,
        Verdict::Matches
    );
    for (word, exposes, other) in [
        (
            "exclude",
            false,
            CapturePolicy {
                exclude: vec![],
                ..policy()
            },
        ),
        (
            "exclude",
            true,
            CapturePolicy {
                exclude: names(&["title", "id2"]),
                ..policy()
            },
        ),
        (
            "mask",
            false,
            CapturePolicy {
                mask: vec![],
                ..policy()
            },
        ),
        (
            "mask",
            false,
            CapturePolicy {
                mask: names(&["secret", "title"]),
                ..policy()
            },
        ),
        (
            "except",
            false,
            CapturePolicy {
                except: names(&["title"]),
                ..policy()
            },
        ),
        (
            "store_changed_from",
            false,
            CapturePolicy {
                store_changed_from: false,
                ..policy()
            },
        ),
        (
            "primary_key",
            false,
            CapturePolicy {
                primary_key: Some(names(&["id"])),
                ..policy()
            },
        ),
        (
            "context",
            false,
            CapturePolicy {
                context: ContextMode::Require,
                ..policy()
            },
        ),
        (
            "truncate",
            false,
            CapturePolicy {
                truncate: TruncateMode::Refuse,
                ..policy()
            },
        ),
    ] {
        let found = of_posts(&health(other), &test).await;
        assert_eq!(found.verdict, Verdict::Drift, "{word}");
        let drift: Vec<_> = found
            .differences
            .iter()
            .filter_map(|difference| match difference {
                Difference::PolicyDrift { word, exposes, .. } => Some((*word, *exposes)),
                _ => None,
            })
            .collect();
        assert_eq!(drift, [(word, exposes)]);
    }
    // The order in which columns are named means nothing.
    let two = CapturePolicy {
        mask: names(&["title", "secret"]),
        ..CapturePolicy::default()
    };
    test.capture("posts", two).await;
    let turned = CapturePolicy {
        mask: names(&["secret", "title"]),
        ..CapturePolicy::default()
    };
    assert_eq!(
        of_posts(&health(turned), &test).await.verdict,
        Verdict::Matches
    );
}

#[tokio::test]
async fn drift_is_seen_in_columns_triggers_and_bodies_too() {
    for (fault, code) in [
        ("ALTER TABLE posts ADD extra int", "column-added"),
        ("ALTER TABLE posts DROP title", "column-dropped"),
        (
            "ALTER TABLE posts ALTER title TYPE json USING to_json(title)",
            "column-retyped",
        ),
        (
            "ALTER TABLE posts DROP CONSTRAINT posts_pkey, ADD PRIMARY KEY (id, title)",
            "key-drift",
        ),
        ("ALTER TABLE posts DISABLE TRIGGER ALL", "disabled-trigger"),
        (
            "DROP TRIGGER \"00_threadline_audit_capture\" ON posts; DROP TRIGGER \"00_threadline_audit_truncate\" ON posts",
            "missing-trigger",
        ),
        (
            "DO $$ BEGIN EXECUTE (SELECT replace(pg_get_functiondef(oid), 'BEGIN', 'BEGIN RETURN NULL;') FROM pg_proc WHERE proname LIKE 'truncate\\_posts\\_%'); END $$",
            "edited-function",
        ),
    ] {
        let (test, health) = posts().await;
        let health = health.declare([declared("posts", CapturePolicy::default())]);
        assert_eq!(of_posts(&health, &test).await.verdict, Verdict::Matches);
        test.run(fault).await;
        let found = of_posts(&health, &test).await;
        assert_eq!(found.verdict, Verdict::Drift, "{fault}");
        let json = serde_json::to_value(&found.differences).unwrap();
        assert_eq!(json[0]["difference"], code, "{json}");
    }
}

#[tokio::test]
async fn what_is_undeclared_unreadable_or_of_another_version_can_not_be_told() {
    let (test, health) = posts().await;
    assert_eq!(of_posts(&health, &test).await.verdict, Verdict::CannotTell);
    let health = health.declare([declared("posts", CapturePolicy::default())]);
    let resign = "DO $$ DECLARE f regprocedure := (SELECT oid FROM pg_proc WHERE proname LIKE 'capture\\_posts\\_%'); BEGIN
        EXECUTE replace(pg_get_functiondef(f), 'RETURN NULL;', 'RETURN NULL; -- another version');
        EXECUTE format('COMMENT ON FUNCTION %s IS %L', f, (SELECT regexp_replace(obj_description(f), '\"body\":\"[0-9a-f]*\"',
          format('\"body\":\"%s\"', encode(sha256(convert_to(prosrc, 'UTF8')), 'hex'))) FROM pg_proc WHERE oid = f)); END $$";
    test.run(resign).await;
    let found = of_posts(&health, &test).await;
    assert_eq!(found.verdict, Verdict::CannotTell, "{found:#?}");
    assert!(matches!(
        found.differences[..],
        [Difference::OutdatedFunction { .. }]
    ));
    assert_eq!(
        health
            .fetch_coverage(&test.db)
            .await
            .unwrap()
            .summary
            .covered,
        1
    );
    test.run("DO $$ BEGIN EXECUTE format('COMMENT ON FUNCTION %s IS NULL', (SELECT oid::regprocedure FROM pg_proc WHERE proname LIKE 'capture\\_posts\\_%')); END $$")
        .await;
    let found = of_posts(&health, &test).await;
    assert_eq!((found.verdict, found.deployed), (Verdict::CannotTell, None));
    // A comment that claims another policy than the body has is seen through.
    test.capture("posts", CapturePolicy::default()).await;
    test.run("DO $$ DECLARE f regprocedure := (SELECT oid FROM pg_proc WHERE proname LIKE 'capture\\_posts\\_%'); BEGIN
        EXECUTE format('COMMENT ON FUNCTION %s IS %L', f, replace(obj_description(f), '\"mask\":[]', '\"mask\":[\"secret\"]')); END $$")
        .await;
    let masked = CapturePolicy {
        mask: names(&["secret"]),
        ..CapturePolicy::default()
    };
    let lied_to = Health::new().declare([declared("posts", masked)]);
    assert_eq!(of_posts(&lied_to, &test).await.verdict, Verdict::CannotTell);
}
