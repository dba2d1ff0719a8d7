//! A redacted column that is renamed stays redacted, although the capture function knows only its name of before.

use threadline::{CapturePolicy, policy::TruncateMode};

use crate::support::{TestDb, sql::names};

const PEOPLE: &str =
    "CREATE TABLE people (gone int, id int PRIMARY KEY, name text, email text, token jsonb);
    ALTER TABLE people DROP gone";

async fn people(policy: CapturePolicy) -> TestDb {
    let test = TestDb::new().await;
    test.run(PEOPLE).await;
    test.capture("people", policy).await;
    test
}

fn redacted() -> CapturePolicy {
    CapturePolicy {
        mask: names(&["email"]),
        exclude: names(&["token"]),
        ..CapturePolicy::default()
    }
}

/// Every change: operation, image, changed fields, previous values.
async fn lines(test: &TestDb) -> Vec<String> {
    test.all(
        "SELECT concat_ws(' ', op, data_after, array_to_string(changed_fields, ','), changed_from)
           FROM threadline.audit_changes ORDER BY captured_at, id",
    )
    .await
}

async fn secrets_in_the_trail(test: &TestDb) -> i64 {
    test.one("SELECT count(*) FROM threadline.audit_changes c WHERE c::text LIKE '%secret%'")
        .await
}

#[tokio::test]
async fn a_renamed_secret_is_masked_in_images_and_previous_values() {
    let test = people(redacted()).await;
    test.run(
        r#"ALTER TABLE people RENAME email TO contact; ALTER TABLE people RENAME token TO key; ALTER TABLE people ADD note text;
           INSERT INTO people VALUES (1, 'a', 'secret', '"secret"', 'n');
           UPDATE people SET contact = 'secret 2', key = '"secret 2"', note = 'm';
           UPDATE people SET id = 2;
           DELETE FROM people;"#,
    )
    .await;
    let image = |id, note| {
        format!(
            r#"{{"id": {id}, "key": "[REDACTED]", "name": "a", "note": "{note}", "contact": "[REDACTED]"}}"#
        )
    };
    assert_eq!(
        lines(&test).await,
        [
            format!("insert {}", image(1, "n")),
            format!(
                r#"update {} key,note,contact {{"key": "[REDACTED]", "note": "n", "contact": "[REDACTED]"}}"#,
                image(1, "m")
            ),
            format!("delete {} id", image(1, "m")),
            format!(r#"update {} id {{"id": 1}}"#, image(2, "m")),
            format!("delete {}", image(2, "m")),
        ]
    );
    assert_eq!(secrets_in_the_trail(&test).await, 0);
}

#[tokio::test]
async fn a_secret_whose_old_name_another_column_took_is_masked_under_its_new_one() {
    let test = people(redacted()).await;
    test.run(
        r#"ALTER TABLE people RENAME email TO legacy; ALTER TABLE people ADD email text, ADD note text;
           INSERT INTO people VALUES (1, 'a', 'secret', '"secret"', 'secret', 'n');"#,
    )
    .await;
    assert_eq!(
        lines(&test).await,
        [
            r#"insert {"id": 1, "name": "a", "note": "n", "email": "[REDACTED]", "legacy": "[REDACTED]"}"#
        ]
    );
}

#[tokio::test]
async fn dropping_a_secret_hides_nothing_else() {
    let test = people(redacted()).await;
    test.run(
        "ALTER TABLE people DROP email, DROP token; ALTER TABLE people ADD note text; INSERT INTO people VALUES (1, 'a', 'n');
         ALTER TABLE people ADD email text; INSERT INTO people VALUES (2, 'a', 'n', 'secret');",
    )
    .await;
    assert_eq!(
        lines(&test).await,
        [
            r#"insert {"id": 1, "name": "a", "note": "n"}"#,
            r#"insert {"id": 2, "name": "a", "note": "n", "email": "[REDACTED]"}"#,
        ]
    );
}

/// Makes the table anew with these columns and the trigger that it had, as a restore from a dump does.
async fn restore(test: &TestDb, columns: &str) {
    let definition: String = test
        .one("SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE tgrelid = 'people'::regclass AND tgtype & 4 = 4")
        .await;
    assert!(
        definition.ends_with(r#"', '{"email": 4, "token": 5}')"#),
        "{definition}"
    );
    test.run(&format!(
        "DROP TABLE people; CREATE TABLE people ({columns}); {definition}"
    ))
    .await;
}

#[tokio::test]
async fn where_the_column_numbers_can_not_be_trusted_every_unknown_column_is_masked() {
    let test = people(redacted()).await;
    restore(
        &test,
        "id int PRIMARY KEY, name text, email text, token jsonb",
    )
    .await;
    test.run(r#"INSERT INTO people VALUES (1, 'a', 'secret', '"secret"')"#)
        .await;
    test.run(r#"ALTER TABLE people ADD note text; INSERT INTO people VALUES (2, 'a', 'secret', '"secret"', 'n')"#)
        .await;
    test.run(r#"ALTER TABLE people RENAME token TO key; INSERT INTO people VALUES (3, 'a', 'secret', '"secret"', 'n')"#)
        .await;
    assert_eq!(
        lines(&test).await,
        [
            r#"insert {"id": 1, "name": "a", "email": "[REDACTED]"}"#,
            r#"insert {"id": 2, "name": "a", "note": "[REDACTED]", "email": "[REDACTED]"}"#,
            r#"insert {"id": 3, "key": "[REDACTED]", "name": "[REDACTED]", "note": "[REDACTED]", "email": "[REDACTED]"}"#,
        ]
    );
}

#[tokio::test]
async fn a_secret_that_was_renamed_before_a_restore_is_masked_after_it() {
    for (columns, values) in [
        // email was renamed to legacy, and another email was added.
        (
            "id int PRIMARY KEY, name text, legacy text, token jsonb, email text",
            r#"1, 'a', 'secret', '"secret"', 'secret'"#,
        ),
        // name was dropped, and email took its name.
        (
            "id int PRIMARY KEY, name text, token jsonb",
            r#"1, 'secret', '"secret"'"#,
        ),
        // name became title, and email took its name.
        (
            "id int PRIMARY KEY, title text, name text, token jsonb",
            r#"1, 'a', 'secret', '"secret"'"#,
        ),
    ] {
        let test = people(redacted()).await;
        restore(&test, columns).await;
        test.run(&format!(
            "INSERT INTO people VALUES ({values}); UPDATE people SET id = 2; DELETE FROM people"
        ))
        .await;
        assert_eq!(test.changes().await.len(), 4, "{columns}");
        let lines = lines(&test).await;
        assert_eq!(
            secrets_in_the_trail(&test).await,
            0,
            "{columns}: {lines:#?}"
        );
        let keys: Vec<String> = test
            .all("SELECT table_pk::text FROM threadline.audit_changes ORDER BY captured_at, id")
            .await;
        assert_eq!(
            keys,
            [
                r#"{"id": 1}"#,
                r#"{"id": 1}"#,
                r#"{"id": 2}"#,
                r#"{"id": 2}"#
            ]
        );
    }
}

#[tokio::test]
async fn a_renamed_secret_is_masked_in_the_rows_that_a_truncate_ends() {
    let test = people(CapturePolicy {
        truncate: TruncateMode::Rows,
        ..redacted()
    })
    .await;
    test.run(
        r#"ALTER TABLE people RENAME email TO contact; ALTER TABLE people RENAME id TO uid;
           INSERT INTO people VALUES (1, 'a', 'secret', '"secret"'); TRUNCATE people"#,
    )
    .await;
    let image = r#"{"uid": 1, "name": "a", "contact": "[REDACTED]"}"#;
    assert_eq!(
        lines(&test).await,
        [
            format!("insert {image}"),
            format!("delete {image}"),
            "truncate".to_owned()
        ]
    );
    let keys: Vec<String> = test
        .all("SELECT DISTINCT table_pk::text FROM threadline.audit_changes WHERE op <> 'truncate'")
        .await;
    assert_eq!(keys, [r#"{"uid": 1}"#]);
}

#[tokio::test]
async fn a_renamed_secret_of_a_partitioned_table_is_masked_in_every_leaf() {
    let test = TestDb::new().await;
    test.run(
        "CREATE TABLE people (id int PRIMARY KEY, email text) PARTITION BY RANGE (id);
         CREATE TABLE odd_order (email text, id int NOT NULL);
         ALTER TABLE people ATTACH PARTITION odd_order FOR VALUES FROM (0) TO (10);",
    )
    .await;
    test.capture(
        "people",
        CapturePolicy {
            mask: names(&["email"]),
            ..CapturePolicy::default()
        },
    )
    .await;
    test.run(
        "CREATE TABLE later PARTITION OF people FOR VALUES FROM (10) TO (20);
         ALTER TABLE people RENAME email TO contact; INSERT INTO people VALUES (1, 'secret'), (11, 'secret')",
    )
    .await;
    assert_eq!(
        lines(&test).await,
        [
            r#"insert {"id": 1, "contact": "[REDACTED]"}"#,
            r#"insert {"id": 11, "contact": "[REDACTED]"}"#
        ]
    );
}

#[tokio::test]
async fn a_secret_that_joins_the_primary_key_is_not_in_the_key() {
    let test = people(redacted()).await;
    test.run(
        "ALTER TABLE people RENAME id TO uid;
         ALTER TABLE people DROP CONSTRAINT people_pkey; ALTER TABLE people ADD PRIMARY KEY (uid, email);
         INSERT INTO people VALUES (1, 'a', 'secret')",
    )
    .await;
    assert_eq!(
        test.changes().await,
        [r#"people insert {"uid": 1, "email": null}"#]
    );
}

#[tokio::test]
async fn a_secret_that_takes_a_name_which_another_column_had_is_masked_under_it() {
    for (ddl, image) in [
        (
            "ALTER TABLE people DROP name; ALTER TABLE people RENAME email TO name",
            r#"{"id": 1, "name": "[REDACTED]"}"#,
        ),
        (
            "ALTER TABLE people RENAME email TO contact; ALTER TABLE people RENAME name TO email",
            r#"{"id": 1, "email": "[REDACTED]", "contact": "[REDACTED]"}"#,
        ),
        (
            "ALTER TABLE people RENAME name TO title; ALTER TABLE people RENAME email TO name",
            r#"{"id": 1, "name": "[REDACTED]", "title": "a"}"#,
        ),
        (
            "ALTER TABLE people DROP name; ALTER TABLE people RENAME token TO name",
            r#"{"id": 1, "name": "[REDACTED]", "email": "[REDACTED]"}"#,
        ),
    ] {
        let test = people(CapturePolicy {
            truncate: TruncateMode::Rows,
            ..redacted()
        })
        .await;
        test.run("INSERT INTO people VALUES (1, 'a', 'secret', '\"secret\"')")
            .await;
        test.run(ddl).await;
        test.run("UPDATE people SET id = 2; UPDATE people SET id = 1; TRUNCATE people")
            .await;
        let lines = lines(&test).await;
        assert_eq!(lines[5], format!("delete {image}"), "{ddl}");
        assert_eq!(secrets_in_the_trail(&test).await, 0, "{ddl}: {lines:#?}");
    }
}

#[tokio::test]
async fn a_secret_that_takes_the_name_of_a_json_column_is_not_in_the_exact_texts() {
    for truncate in [TruncateMode::Record, TruncateMode::Rows] {
        let test = TestDb::new().await;
        test.run("CREATE TABLE people (id int PRIMARY KEY, doc json, token json)")
            .await;
        test.capture(
            "people",
            CapturePolicy {
                mask: names(&["token"]),
                truncate,
                ..CapturePolicy::default()
            },
        )
        .await;
        test.run(
            r#"ALTER TABLE people DROP doc; ALTER TABLE people RENAME token TO doc;
               INSERT INTO people VALUES (1, '"secret"'); UPDATE people SET doc = '"secret 2"'; UPDATE people SET id = 2;
               DELETE FROM people; INSERT INTO people VALUES (1, '"secret"'); TRUNCATE people"#,
        )
        .await;
        assert_eq!(secrets_in_the_trail(&test).await, 0);
    }
}
