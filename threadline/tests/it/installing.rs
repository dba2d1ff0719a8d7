//! Installing, again, as a role with few rights, and taking it back.

use sea_orm::DatabaseConnection;
use threadline::{
    SchemaName,
    codegen::{self, TableName},
};

use crate::{
    docs::sql_blocks,
    support::{
        TestDb, run,
        sql::{capture_in, forbidden, refused},
    },
};

/// An audit schema whose roles no other test has made.
fn schema_of_its_own() -> SchemaName {
    let unique = uuid::Uuid::new_v4().simple().to_string();
    SchemaName::new(&format!("audit_{}", &unique[..12])).unwrap()
}

/// A role that may make schemas, and its session.
async fn migrator(test: &TestDb, options: &str) -> (String, DatabaseConnection) {
    let (role, db) = test.login(options).await;
    test.run(&format!(
        "DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {role}', current_database()); END $$; GRANT CREATE ON SCHEMA public TO {role}"
    ))
    .await;
    (role, db)
}

/// Installs twice, captures twice, writes as somebody without rights, takes everything back. Gives the owners.
async fn life(test: &TestDb, schema: &SchemaName, db: &DatabaseConnection) -> Vec<String> {
    let base = codegen::base_schema(schema);
    let table = TableName::new("public", "posts").unwrap();
    let (app, session) = test.login("").await;
    run(db, "CREATE TABLE posts (id int PRIMARY KEY)").await;
    run(db, &format!("GRANT ALL ON posts TO {app}")).await;
    for round in 0..2 {
        run(db, &base.up).await;
        run(db, &base.up).await;
        capture_in(schema, &table, db).await;
        capture_in(schema, &table, db).await;
        run(
            &session,
            "INSERT INTO posts VALUES (1); UPDATE posts SET id = 2; TRUNCATE posts",
        )
        .await;
        run(
            db,
            &format!(
                r#"BEGIN; SELECT {schema}.set_context('{{"actor": {{"type": "user", "id": "alice"}}}}');
                   INSERT INTO posts VALUES (3); SELECT {schema}.record_action('{{"name": "post.created"}}'); COMMIT; DELETE FROM posts"#
            ),
        )
        .await;
        let trail: String = test
            .one(&format!(
                "SELECT string_agg(concat_ws(' ', c.op, c.table_pk ->> 'id', t.actor_id, a.name), ',' ORDER BY c.captured_at, c.id)
                   FROM {schema}.audit_changes c JOIN {schema}.audit_transactions t ON t.id = c.transaction_id
                   LEFT JOIN {schema}.audit_actions a ON a.transaction_id = t.id"
            ))
            .await;
        assert_eq!(
            trail, "insert 1,delete 1,update 2,truncate,insert 3 alice post.created,delete 3",
            "round {round}"
        );
        forbidden(
            &session,
            &[
                &format!("SELECT FROM {schema}.audit_changes"),
                &format!("INSERT INTO {schema}.audit_changes DEFAULT VALUES"),
                &format!("SELECT {schema}.begin_transaction(false)"),
            ],
        )
        .await;
        if round == 0 {
            take_back(schema, &table, db, test).await;
        }
    }
    test.all(&format!(
        "SELECT DISTINCT pg_get_userbyid(owner)::text FROM (
           SELECT proowner AS owner FROM pg_proc WHERE pronamespace = '{schema}'::regnamespace
           UNION ALL SELECT relowner FROM pg_class WHERE relnamespace = '{schema}'::regnamespace) AS o ORDER BY 1"
    ))
    .await
}

async fn take_back(schema: &SchemaName, table: &TableName, db: &DatabaseConnection, test: &TestDb) {
    let down = codegen::base_schema(schema).down;
    assert_eq!(
        refused(db, &down).await,
        "P0001 threadline: table public.posts is still audited"
    );
    let spec = codegen::introspect(schema, table, threadline::CapturePolicy::default(), db)
        .await
        .unwrap();
    let capture = codegen::capture(schema, &spec, None).unwrap();
    run(db, &capture.down).await;
    assert_eq!(
        refused(db, &down).await,
        format!(
            "P0001 threadline: the audit trail in schema {schema} is not empty; to destroy it, run \
             this again with PGOPTIONS='-c threadline.destroy_evidence={schema}' in the environment"
        )
    );
    // Another schema's name does not do.
    run(db, "SET threadline.destroy_evidence = 'other'").await;
    assert!(refused(db, &down).await.contains("is not empty"));
    run(
        db,
        &format!(
            "SET threadline.destroy_evidence = '{schema}'; {down} RESET threadline.destroy_evidence"
        ),
    )
    .await;
    run(db, &down).await;
    let left: i64 = test
        .one(&format!(
            "SELECT count(*) FROM pg_namespace WHERE nspname = '{schema}'"
        ))
        .await;
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_superuser_installs_again_and_again_and_takes_it_back() {
    let test = TestDb::new().await;
    let schema = schema_of_its_own();
    assert_eq!(
        life(&test, &schema, &test.pool(1).await).await,
        [format!("{schema}_capture"), format!("{schema}_owner")]
    );
}

#[tokio::test]
async fn a_role_that_may_create_roles_installs_with_roles_of_its_own() {
    let test = TestDb::new().await;
    let schema = schema_of_its_own();
    let (_, db) = migrator(&test, "CREATEROLE").await;
    assert_eq!(
        life(&test, &schema, &db).await,
        [format!("{schema}_capture"), format!("{schema}_owner")]
    );
}

#[tokio::test]
async fn a_role_that_may_create_nothing_but_schemas_installs_and_keeps_everything() {
    let test = TestDb::new().await;
    let schema = schema_of_its_own();
    let (role, db) = migrator(&test, "").await;
    assert_eq!(life(&test, &schema, &db).await, [role]);
}

#[tokio::test]
async fn a_role_that_may_create_no_roles_installs_with_those_that_a_superuser_prepared() {
    let test = TestDb::new().await;
    let schema = schema_of_its_own();
    let (role, db) = migrator(&test, "").await;
    let (application, session) = test.login("").await;
    let guide = sql_blocks(include_str!("../../../docs/getting-started.md"));
    let prepare = guide
        .iter()
        .find(|sql| sql.starts_with("CREATE ROLE"))
        .unwrap();
    let prepare = prepare
        .replace("threadline_", &format!("{schema}_"))
        .replace("my_application", &application)
        .replace("deploy", &role);
    test.run(&prepare).await;
    assert_eq!(
        life(&test, &schema, &db).await,
        [format!("{schema}_capture"), format!("{schema}_owner")]
    );
    run(&session, &format!("SELECT FROM {schema}.audit_changes")).await;
}

#[tokio::test]
async fn where_the_roles_are_out_of_reach_everything_stays_with_the_installing_role() {
    let test = TestDb::new().await;
    test.run("DROP SCHEMA threadline CASCADE").await;
    for options in ["", "CREATEROLE NOINHERIT"] {
        let (role, db) = migrator(&test, options).await;
        assert_eq!(life(&test, &SchemaName::default(), &db).await, [role]);
        test.run("DROP TABLE posts; DROP SCHEMA threadline CASCADE")
            .await;
    }
}

#[tokio::test]
async fn a_complete_schema_is_completed_and_nothing_of_the_trail_is_lost() {
    let test = TestDb::with_tables("CREATE TABLE posts (id int PRIMARY KEY)", &["posts"]).await;
    test.run("INSERT INTO posts VALUES (1); DROP FUNCTION threadline.place_late; DROP TABLE threadline.audit_actions CASCADE")
        .await;
    threadline::install(&test.db).await.unwrap();
    threadline::install(&test.db).await.unwrap();
    test.run("UPDATE posts SET id = 2").await;
    assert_eq!(
        test.changes().await,
        [
            r#"posts insert {"id": 1}"#,
            r#"posts delete {"id": 1} id"#,
            r#"posts update {"id": 2} id"#,
        ]
    );
    let refused_now = refused(&test.db, "UPDATE threadline.audit_changes SET op = 'x'").await;
    assert!(refused_now.contains("append-only"), "{refused_now}");
}
