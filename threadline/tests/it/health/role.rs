//! Findings about who may do what.

use threadline::{
    CapturePolicy, SchemaName,
    health::{Fix, Health, Severity},
    policy::TruncateMode,
};

use super::{POSTS, check, codes, only};
use crate::support::{TestDb, run};

async fn app(options: &str) -> (TestDb, String, Health) {
    let test = TestDb::with_tables(POSTS, &["posts"]).await;
    let role = test.role(options).await;
    let health = Health::new().application_roles([role.as_str()]);
    (test, role, health)
}

#[tokio::test]
async fn every_privilege_beyond_reading_is_revoked_from_whom_it_was_given_to() {
    let (test, role, health) = app("IN ROLE threadline_writer").await;
    let group = test.role("").await;
    test.run(&format!("GRANT {group} TO {role}")).await;
    for grantee in [role.as_str(), group.as_str(), "PUBLIC"] {
        for privilege in [
            "INSERT, UPDATE, DELETE, TRUNCATE, TRIGGER, REFERENCES ON TABLE threadline.audit_changes",
            "INSERT ON threadline.audit_changes_default",
            "UPDATE (actor_id, meta) ON threadline.audit_transactions",
            "USAGE ON SEQUENCE threadline.transaction_secret",
            "EXECUTE ON FUNCTION threadline.begin_transaction(boolean)",
            "EXECUTE ON ALL FUNCTIONS IN SCHEMA threadline",
            "CREATE ON SCHEMA threadline",
        ] {
            let fault = format!("GRANT {privilege} TO {grantee}");
            let finding = check(&test, &health, &fault, "excess-privilege").await;
            assert_eq!(finding.severity, Severity::Critical);
        }
    }
    // What every writer may do anyway is no excess.
    test.run(&format!("GRANT EXECUTE ON FUNCTION threadline.set_context(text) TO {role}; GRANT SELECT ON ALL TABLES IN SCHEMA threadline TO {role}"))
        .await;
    assert_eq!(codes(&health, &test).await, Vec::<&str>::new());
}

#[tokio::test]
async fn a_role_that_can_become_the_owner_is_found_through_any_number_of_roles() {
    let (test, role, health) = app("IN ROLE threadline_writer").await;
    let group = test.role("IN ROLE threadline_owner").await;
    for fault in [
        format!("GRANT threadline_owner TO {role}"),
        format!("GRANT threadline_capture TO {role} WITH ADMIN OPTION"),
        format!("GRANT {group} TO {role}"),
    ] {
        check(&test, &health, &fault, "can-become-owner").await;
    }
    let stays: bool = test
        .one(&format!(
            "SELECT pg_has_role('{group}', 'threadline_owner', 'MEMBER')"
        ))
        .await;
    assert!(stays, "the group is not the application");
}

#[tokio::test]
async fn a_role_that_reads_or_writes_everything_is_found_through_any_number_of_roles() {
    let (test, role, health) = app("IN ROLE threadline_writer").await;
    let group = test.role("IN ROLE pg_write_all_data").await;
    for (fault, through) in [
        (
            format!("GRANT pg_read_all_data TO {role}"),
            "`pg_read_all_data`",
        ),
        (format!("GRANT {group} TO {role}"), "`pg_write_all_data`"),
    ] {
        // It is no privilege on the trail, and opens it: the secret of the seal, and all tables.
        let finding = check(&test, &health, &fault, "all-data-role").await;
        assert_eq!(finding.severity, Severity::Critical);
        assert!(finding.message.contains(through), "{}", finding.message);
    }
}

#[tokio::test]
async fn a_superuser_is_found_and_so_is_a_role_that_makes_itself_a_member() {
    let (test, role, health) = app("").await;
    let fault = format!("ALTER ROLE {role} SUPERUSER");
    check(&test, &health, &fault, "superuser-role").await;
    let version: i32 = test
        .one("SELECT current_setting('server_version_num')::integer")
        .await;
    test.run(&format!("ALTER ROLE {role} CREATEROLE")).await;
    if version < 160_000 {
        let finding = only(&health, &test, "can-become-owner").await;
        test.run(finding.fix.text()).await;
    }
    assert_eq!(codes(&health, &test).await, Vec::<&str>::new());
}

#[tokio::test]
async fn without_a_name_the_roles_of_this_session_and_of_all_writers_are_looked_at() {
    let (test, _, _) = app("").await;
    let finding = &super::findings(&Health::new(), &test.db).await[0];
    assert_eq!(finding.code, "superuser-role");
    assert!(
        finding.message.contains("`postgres`"),
        "{}",
        finding.message
    );
    assert!(
        finding.message.contains("`application_roles`"),
        "{}",
        finding.message
    );
    assert!(matches!(&finding.fix, Fix::Edit(text) if text.contains("a role of its own")));
    let group = test.role("IN ROLE threadline_writer").await;
    test.run(&format!("ALTER ROLE {group} NOLOGIN")).await;
    let (role, db) = test.login(&format!("IN ROLE {group}")).await;
    test.run(&format!(
        "GRANT INSERT ON threadline.audit_actions TO {role}"
    ))
    .await;
    let reader = test.role("IN ROLE threadline_reader").await;
    for db in [db, test.pool_as(&reader, 1).await] {
        let found = super::findings(&Health::new(), &db).await;
        let named = |code: &str| {
            found
                .iter()
                .any(|f| f.code == code && f.message.contains(&role))
        };
        assert!(named("excess-privilege"), "{found:#?}");
    }
}

#[tokio::test]
async fn a_role_that_is_not_there_is_no_reason_to_be_quiet() {
    let test = TestDb::new().await;
    let health = Health::new().application_roles(["no such role"]);
    assert_eq!(
        only(&health, &test, "unknown-role").await.severity,
        Severity::Warning
    );
}

#[tokio::test]
async fn an_installation_without_roles_is_handed_over_and_goes_on_capturing() {
    let test = TestDb::new().await;
    test.run("CREATE TABLE items (id int PRIMARY KEY)").await;
    let policy = CapturePolicy {
        truncate: TruncateMode::Rows,
        ..CapturePolicy::default()
    };
    test.capture("items", policy).await;
    let (former, db) = test.login("").await;
    let health = Health::new().application_roles([former.as_str()]);
    // As an installation leaves it that found no roles.
    let fault = format!(
        "DO $$ DECLARE s text; BEGIN
           FOR s IN SELECT format('ALTER TABLE %s OWNER TO {former}', oid::regclass) FROM pg_class WHERE relnamespace = 'threadline'::regnamespace AND relkind IN ('r', 'p')
             UNION ALL SELECT 'ALTER SEQUENCE threadline.transaction_secret OWNER TO {former}'
             UNION ALL SELECT format('ALTER FUNCTION %s OWNER TO {former}', oid::regprocedure) FROM pg_proc WHERE pronamespace = 'threadline'::regnamespace LOOP
             EXECUTE s;
           END LOOP;
           GRANT USAGE ON SCHEMA threadline TO {former}; GRANT ALL ON items TO {former};
         END $$; REVOKE SELECT ON items FROM threadline_capture"
    );
    let finding = check(&test, &health, &fault, "missing-role").await;
    assert!(
        finding
            .message
            .contains(&format!("`{former}` owns objects")),
        "{}",
        finding.message
    );
    run(
        &db,
        r#"SELECT threadline.set_context('{"actor": {"type": "user", "id": "alice"}}'); INSERT INTO items VALUES (1); TRUNCATE items"#,
    )
    .await;
    assert_eq!(test.changes().await.len(), 3);
    assert_eq!(SchemaName::default().as_str(), "threadline");
}

#[tokio::test]
async fn an_application_that_owns_its_tables_is_a_note() {
    let (test, role, health) = app("").await;
    let group = test.role("").await;
    test.run(&format!(
        "GRANT {group} TO {role}; ALTER TABLE posts OWNER TO {group}"
    ))
    .await;
    let finding = only(&health, &test, "application-owns-table").await;
    assert_eq!(finding.severity, Severity::Info);
    assert!(
        finding
            .message
            .contains(&format!("owns public.posts, as `{group}`")),
        "{}",
        finding.message
    );
    test.run(&format!("REVOKE {group} FROM {role}")).await;
    assert_eq!(codes(&health, &test).await, Vec::<&str>::new());
}
