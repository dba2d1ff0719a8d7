//! The SQL of the guides does what they say.

use threadline::{ActorRef, CapturePolicy, actor_history, health::Health};

use crate::support::{TestDb, rows, run};

pub(crate) fn sql_blocks(markdown: &str) -> Vec<String> {
    markdown
        .split("```sql\n")
        .skip(1)
        .map(|rest| rest.split("```").next().unwrap().to_owned())
        .collect()
}

async fn posts() -> TestDb {
    let sql =
        "CREATE TABLE posts (id integer PRIMARY KEY, title text); CREATE TABLE drafts (id integer)";
    TestDb::with_tables(sql, &["posts"]).await
}

#[tokio::test]
async fn the_sql_of_the_first_hour_grants_what_the_application_needs() {
    let blocks = sql_blocks(include_str!("../../../docs/getting-started.md"));
    let [grant, _prepare] = blocks.as_slice() else {
        panic!("{blocks:?}")
    };
    let test = posts().await;
    let role = format!("app_{}", uuid::Uuid::new_v4().simple());
    test.run(&format!("CREATE ROLE {role} LOGIN")).await;
    test.run(&grant.replace("my_application", &role)).await;
    let db = test.pool_as(&role, 1).await;
    assert_eq!(
        rows(&db, "SELECT 1 FROM threadline.audit_changes")
            .await
            .len(),
        0
    );
}

#[tokio::test]
async fn the_context_that_is_set_by_hand_is_recorded() {
    let blocks = sql_blocks(include_str!("../../../docs/how-it-works.md"));
    let [by_hand] = blocks.as_slice() else {
        panic!("{blocks:?}")
    };
    let test = posts().await;
    test.run("INSERT INTO posts VALUES (42, 'x')").await;
    test.run(by_hand).await;
    let carol = actor_history(ActorRef::admin("carol").unwrap())
        .fetch(&test.db)
        .await
        .unwrap();
    let requests: Vec<_> = carol
        .entries
        .iter()
        .map(|tx| tx.request_id.as_deref())
        .collect();
    assert_eq!(requests, [Some("ticket-12")]);
}

#[tokio::test]
async fn the_tables_that_the_guide_accepts_are_captured_and_those_it_refuses_are_not() {
    let blocks = sql_blocks(include_str!("../../../docs/supported-tables.md"));
    let [accepted, refused] = blocks.as_slice() else {
        panic!("{blocks:?}")
    };
    let test = TestDb::new().await;
    test.run(accepted).await;
    let health = Health::new();
    let before = health.fetch_coverage(&test.db).await.unwrap();
    assert_eq!(before.summary.uncovered, 9);
    for table in before.tables {
        test.capture(&table.name.to_string(), CapturePolicy::default())
            .await;
    }
    let after = health.fetch_coverage(&test.db).await.unwrap();
    assert_eq!((after.summary.uncovered, after.summary.covered), (0, 9));

    test.run(refused).await;
    let mut checked = 0;
    for line in refused.lines() {
        let Some((_, said)) = line.split_once(" -- ") else {
            continue;
        };
        let (table, reason) = said.split_once(": ").unwrap();
        let err = test
            .spec(table, CapturePolicy::default())
            .await
            .unwrap_err()
            .to_string();
        assert!(err.contains(reason), "{table}: {err}");
        checked += 1;
    }
    assert_eq!(checked, 5);
}

#[tokio::test]
async fn the_sql_of_the_checklist_runs_and_its_monitor_may_look() {
    let blocks = sql_blocks(include_str!("../../../docs/production-checklist.md"));
    let [grant, monitor, partitions] = blocks.as_slice() else {
        panic!("{blocks:?}")
    };
    let test = posts().await;
    let app = test.role("").await;
    test.run(&grant.replace("my_application", &app)).await;
    let name = format!("monitor_{}", uuid::Uuid::new_v4().simple());
    test.run(&monitor.replace("my_monitor", &name)).await;
    run(&test.db, partitions).await;
    let db = test.pool_as(&name, 1).await;
    let report = Health::new()
        .application_roles([app])
        .fetch_findings(&db)
        .await
        .unwrap();
    let codes: Vec<_> = report.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, ["missing-trigger"], "the table `drafts`");
}

#[tokio::test]
async fn the_role_of_the_operator_surface_may_read_the_trail_and_nothing_else() {
    let blocks = sql_blocks(include_str!("../../../docs/operator-surface.md"));
    let [create] = blocks.as_slice() else {
        panic!("{blocks:?}")
    };
    let test = posts().await;
    let name = format!("auditor_{}", uuid::Uuid::new_v4().simple());
    test.run(&create.replace("my_auditor", &name)).await;
    let db = test.pool_as(&name, 1).await;
    rows(&db, "SELECT 1 FROM threadline.audit_changes").await;
    crate::support::sql::forbidden(&db, &["SELECT 1 FROM posts"]).await;
}

#[tokio::test]
async fn what_the_guide_says_of_redaction_is_what_is_recorded() {
    let guide = include_str!("../../../docs/redaction.md");
    let blocks = sql_blocks(guide);
    let [writes, question] = blocks.as_slice() else {
        panic!("{blocks:?}")
    };
    let test = TestDb::new().await;
    test.run("CREATE TABLE users (id int PRIMARY KEY, name text, email text, avatar bytea, visits int, search_vector tsvector)")
        .await;
    let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
    let policy = CapturePolicy {
        mask: names(&["email"]),
        exclude: names(&["avatar", "search_vector"]),
        except: names(&["visits"]),
        ..CapturePolicy::default()
    };
    test.capture("users", policy).await;
    test.run(writes).await;
    let (_, said) = guide.split_once("```text\n").unwrap();
    let (said, _) = said.split_once("\n```").unwrap();
    assert_eq!(
        test.all::<String>(question).await,
        said.lines().collect::<Vec<_>>()
    );
}

#[tokio::test]
async fn the_guide_names_every_index_of_the_trail_and_its_own_ones_work() {
    let guide = include_str!("../../../docs/indexing.md");
    let blocks = sql_blocks(guide);
    let [tenant, explain, field, used] = blocks.as_slice() else {
        panic!("{blocks:?}")
    };
    let test = posts().await;
    let named: Vec<_> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split('`').next())
        .collect();
    let mut found = test
        .all::<String>(
            "SELECT i.relname::text FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid
              WHERE t.relnamespace = 'threadline'::regnamespace AND t.relname IN ('audit_changes', 'audit_transactions', 'audit_actions')",
        )
        .await;
    let mut expected = named.clone();
    expected.sort_unstable();
    found.sort_unstable();
    assert_eq!(found, expected);

    test.run(tenant).await;
    let plan = test.pool(1).await;
    run(&plan, "SET enable_seqscan = off").await;
    let plan: Vec<String> = rows(&plan, explain)
        .await
        .iter()
        .map(|row| row.try_get_by_index(0).unwrap())
        .collect();
    assert!(plan.join("\n").contains("my_tenant_idx"), "{plan:#?}");
    for statement in field.split_inclusive(";\n") {
        test.run(statement).await;
    }
    assert!(
        test.all::<String>(used)
            .await
            .contains(&"my_tenant_idx".to_owned())
    );
}

/// The code of every finding stands in the checklist, and nothing else does.
#[test]
fn the_checklist_lists_every_code() {
    let guide = include_str!("../../../docs/production-checklist.md");
    let listed: std::collections::BTreeSet<_> = guide
        .lines()
        .filter(|line| line.starts_with("| `"))
        .flat_map(|line| {
            line.split('|')
                .nth(1)
                .unwrap()
                .split('`')
                .skip(1)
                .step_by(2)
        })
        .collect();
    let sources = [
        include_str!("../../src/health/finding/append_only.rs"),
        include_str!("../../src/health/finding/capture.rs"),
        include_str!("../../src/health/finding/context.rs"),
        include_str!("../../src/health/finding/expected_gap.rs"),
        include_str!("../../src/health/finding/integrity.rs"),
        include_str!("../../src/health/finding/json_cast.rs"),
        include_str!("../../src/health/finding/orphan.rs"),
        include_str!("../../src/health/finding/owner.rs"),
        include_str!("../../src/health/finding/partition.rs"),
        include_str!("../../src/health/finding/privilege.rs"),
        include_str!("../../src/health/finding/replica.rs"),
        include_str!("../../src/health/finding/restored.rs"),
        include_str!("../../src/health/finding/retention.rs"),
        include_str!("../../src/health/finding/schema_function.rs"),
    ];
    for code in &listed {
        let quoted = format!("\"{code}\"");
        assert!(
            sources.iter().any(|source| source.contains(&quoted)),
            "{code}"
        );
    }
    let kebab =
        |text: &str| text.contains('-') && text.chars().all(|c| c.is_ascii_lowercase() || c == '-');
    for source in sources {
        let code = source.split("#[cfg(test)]").next().unwrap();
        for text in code
            .split('"')
            .skip(1)
            .step_by(2)
            .filter(|text| kebab(text))
        {
            assert!(listed.contains(text), "{text} is not in the guide");
        }
    }
}
