//! What a session says about its context: the write goes through, whatever it is.

use threadline::{ActorRef, CapturePolicy};

use sea_orm::ConnectionTrait as _;

use crate::support::{TestDb, connect, rows, run, server_url};

async fn table() -> TestDb {
    TestDb::with_tables("CREATE TABLE t (id int PRIMARY KEY, v text)", &["public.t"]).await
}

/// Writes under the context and gives what the transaction says.
async fn stored(test: &TestDb, context: &str) -> String {
    test.run("DELETE FROM t").await;
    test.run(&format!(
        "BEGIN; SET LOCAL threadline.context = $ctx${context}$ctx$; INSERT INTO t VALUES (1); COMMIT"
    ))
    .await;
    test.one(
        "SELECT (jsonb_strip_nulls(to_jsonb(t)) - 'id' - 'xid' - 'occurred_at')::text FROM threadline.audit_transactions t
           JOIN threadline.audit_changes c ON c.transaction_id = t.id AND c.op = 'insert' ORDER BY c.id DESC LIMIT 1",
    )
    .await
}

async fn check(context: &str, expected: &str) {
    let test = table().await;
    assert_eq!(stored(&test, context).await, expected, "{context:.200}");
}

#[tokio::test]
async fn what_is_no_json_object_is_named_and_left_out() {
    let test = table().await;
    let deep = "[".repeat(100_000);
    for (context, error) in [
        ("garbage", "not valid JSON"),
        ("{", "not valid JSON"),
        (
            "{\"actor\": {\"type\": \"user\", \"id\": \"a\"}",
            "not valid JSON",
        ),
        ("{'actor': 1}", "not valid JSON"),
        ("{\"a\": \"\\x\"}", "not valid JSON"),
        (&deep, "not valid JSON"),
        ("[]", "not a JSON object"),
        (
            "[{\"actor\": {\"type\": \"user\", \"id\": \"a\"}}]",
            "not a JSON object",
        ),
        ("null", "not a JSON object"),
        ("\"text\"", "not a JSON object"),
        ("17", "not a JSON object"),
    ] {
        let stored = stored(&test, context).await;
        assert_eq!(
            stored,
            format!("{{\"context_error\": \"{error}\"}}"),
            "{context:.200}"
        );
    }
    for nothing in [
        "",
        "{}",
        "{\"unknown\": 1}",
        "{\"actor\": null, \"meta\": null, \"source\": null}",
    ] {
        assert_eq!(stored(&test, nothing).await, "{}");
    }
}

#[tokio::test]
async fn an_actor_that_is_none_is_refused_and_the_rest_is_kept() {
    let test = table().await;
    let long = format!("{{\"type\": \"user\", \"id\": \"{}\"}}", "x".repeat(300));
    let wide = format!("{{\"type\": \"user\", \"id\": \"{}\"}}", "ä".repeat(129));
    for actor in [
        "{\"type\": \"superhero\", \"id\": \"a\"}",
        "{\"type\": \"User\", \"id\": \"a\"}",
        "{\"type\": \"user\"}",
        "{\"type\": \"user\", \"id\": \"\"}",
        "{\"type\": \"user\", \"id\": null}",
        "{\"type\": \"user\", \"id\": 42}",
        "{\"type\": \"user\", \"id\": {\"a\": 1}}",
        "{\"type\": [\"user\"], \"id\": \"a\"}",
        "{\"type\": \"anonymous\", \"id\": \"a\"}",
        "{\"id\": \"a\"}",
        "{}",
        "[]",
        "\"user:a\"",
        "true",
        &long,
        &wide,
        // What `ActorRef` takes for no id: white space alone, and control characters.
        "{\"type\": \"user\", \"id\": \"  \"}",
        "{\"type\": \"user\", \"id\": \"\u{a0}\u{2003}\u{3000}\"}",
        "{\"type\": \"user\", \"id\": \"a\\tb\"}",
        "{\"type\": \"user\", \"id\": \"a\\u0085\"}",
        "{\"type\": \"user\", \"id\": \"a\u{7f}b\"}",
        "{\"type\": \"user\", \"id\": \"a\u{85}\"}",
        "{\"type\": \"user\", \"id\": \"\u{9f}\"}",
    ] {
        let context =
            format!("{{\"actor\": {actor}, \"request_id\": \"r\", \"meta\": {{\"a\": 1}}}}");
        assert_eq!(
            stored(&test, &context).await,
            r#"{"meta": {"a": 1}, "request_id": "r", "context_error": "refused: actor"}"#,
            "{actor}"
        );
    }
    assert_eq!(
        stored(&test, r#"{"actor": {"type": "anonymous"}}"#).await,
        r#"{"actor_type": "anonymous"}"#
    );
    for id in ["a b", " ä\u{a0}", "\u{200b}", "$ [x]"] {
        assert!(ActorRef::user(id).is_ok());
        let context = format!("{{\"actor\": {{\"type\": \"user\", \"id\": \"{id}\"}}}}");
        let expected = format!("{{\"actor_id\": \"{id}\", \"actor_type\": \"user\"}}");
        assert_eq!(stored(&test, &context).await, expected);
    }
    let longest = "x".repeat(256);
    assert_eq!(
        stored(
            &test,
            &format!("{{\"actor\": {{\"type\": \"job\", \"id\": \"{longest}\"}}}}")
        )
        .await,
        format!("{{\"actor_id\": \"{longest}\", \"actor_type\": \"job\"}}")
    );
}

#[tokio::test]
async fn every_field_of_the_wrong_type_or_length_is_named_and_the_rest_is_kept() {
    let test = table().await;
    let actor = r#""actor": {"type": "user", "id": "a"}"#;
    let rest = r#""actor_id": "a", "actor_type": "user""#;
    let huge = format!("\"{}\"", "x".repeat(3000));
    for field in [
        "request_id",
        "correlation_id",
        "job_id",
        "remote_ip",
        "source",
        "traceparent",
    ] {
        for value in ["42", "true", "[]", "{\"a\": 1}", "\"\"", &huge] {
            let found = stored(&test, &format!("{{{actor}, \"{field}\": {value}}}")).await;
            assert_eq!(
                found,
                format!("{{{rest}, \"context_error\": \"refused: {field}\"}}"),
                "{field} {value:.50}"
            );
        }
    }
    let large = format!("{{\"a\": \"{}\"}}", "x".repeat(65_536));
    for meta in ["42", "\"text\"", "[1]", &large] {
        let found = stored(&test, &format!("{{{actor}, \"meta\": {meta}}}")).await;
        assert_eq!(
            found,
            format!("{{{rest}, \"context_error\": \"refused: meta\"}}"),
            "{meta:.50}"
        );
    }
    let all =
        format!("{{{actor}, \"request_id\": 1, \"source\": \"cli\", \"job_id\": [], \"meta\": 3}}");
    assert_eq!(
        stored(&test, &all).await,
        r#"{"source": "cli", "actor_id": "a", "actor_type": "user", "context_error": "refused: request_id job_id meta"}"#
    );
}

#[tokio::test]
async fn escapes_without_a_character_spoil_only_their_own_value() {
    let test = table().await;
    for bad in [
        "\\u0000",
        "a\\u0000\\u0000b",
        "\\ud800",
        "\\ud800x",
        "\\udc00",
        "\\uD800\\uD800",
        "\\\\\\u0000",
    ] {
        let context = format!(
            r#"{{"actor": {{"type": "user", "id": "a"}}, "request_id": "r\\u0000", "correlation_id": "{bad}", "source": "\ud83d\ude00"}}"#
        );
        assert_eq!(
            stored(&test, &context).await,
            r#"{"source": "😀", "actor_id": "a", "actor_type": "user", "request_id": "r\\u0000", "context_error": "refused: characters correlation_id"}"#,
            "{bad}"
        );
        let context = format!(
            r#"{{"actor": {{"type": "user", "id": "{bad}"}}, "request_id": "r", "meta": {{"a": ["{bad}"]}}}}"#
        );
        assert_eq!(
            stored(&test, &context).await,
            r#"{"request_id": "r", "context_error": "refused: characters actor meta"}"#,
            "{bad}"
        );
        let elsewhere = format!(r#"{{"actor": {{"type": "user", "id": "a"}}, "x{bad}": "{bad}"}}"#);
        assert_eq!(
            stored(&test, &elsewhere).await,
            r#"{"actor_id": "a", "actor_type": "user", "context_error": "refused: characters"}"#
        );
    }
    check(
        r#"{"meta": {"deep": "\\\\u0000 \\ud800"}}"#,
        r#"{"meta": {"deep": "\\\\u0000 \\ud800"}}"#,
    )
    .await;
}

#[tokio::test]
async fn a_deeply_nested_meta_is_kept_or_refused_and_never_breaks_the_write() {
    let test = table().await;
    for (depth, kept) in [(100, true), (5000, true), (1_000_000, false)] {
        let meta = format!("{{\"a\": {}1{}}}", "[".repeat(depth), "]".repeat(depth));
        let found = stored(&test, &format!("{{\"source\": \"x\", \"meta\": {meta}}}")).await;
        if kept {
            assert_eq!(found, format!("{{\"meta\": {meta}, \"source\": \"x\"}}"));
        } else {
            assert_eq!(found, r#"{"context_error": "not valid JSON"}"#);
        }
    }
}

#[tokio::test]
async fn hostile_text_is_stored_as_it_came() {
    let test = table().await;
    let id = r#"'; DROP TABLE t; -- \" \\ 😀 $1 %s {{x}} <script>"#;
    let text = format!(r"{id} \t \u0001");
    let found = stored(&test, &format!("{{\"actor\": {{\"type\": \"user\", \"id\": \"{id}\"}}, \"meta\": {{\"{text}\": \"{text}\"}}}}")).await;
    assert_eq!(
        found,
        format!(
            "{{\"meta\": {{\"{text}\": \"{text}\"}}, \"actor_id\": \"{id}\", \"actor_type\": \"user\"}}"
        )
    );
}

#[tokio::test]
async fn a_context_that_changes_after_the_first_capture_has_no_effect() {
    let test = table().await;
    test.run(
        "BEGIN; SET LOCAL threadline.context = '{\"source\": \"one\"}'; INSERT INTO t VALUES (1);
         SET LOCAL threadline.context = '{\"source\": \"two\"}'; INSERT INTO t VALUES (2);
         SET LOCAL threadline.context = 'garbage'; INSERT INTO t VALUES (3); COMMIT",
    )
    .await;
    let found: Vec<String> = test
        .all("SELECT concat_ws(' ', source, context_error) FROM threadline.audit_transactions")
        .await;
    assert_eq!(found, ["one"]);
}

#[tokio::test]
async fn each_context_mode_does_what_its_name_says() {
    use threadline::policy::ContextMode::{Allow, Require, Warn};
    let with = |actor: &str| {
        format!(
            "BEGIN; SET LOCAL threadline.context = '{actor}'; INSERT INTO t VALUES (7); UPDATE t SET v = 'x'; DELETE FROM t; TRUNCATE t; COMMIT"
        )
    };
    let nobody = [
        "",
        "garbage",
        "{\"source\": \"x\"}",
        "{\"actor\": {\"type\": \"user\"}}",
    ];
    for mode in [Allow, Warn, Require] {
        let test = TestDb::new().await;
        test.run("CREATE TABLE t (id int PRIMARY KEY, v text)")
            .await;
        test.capture(
            "public.t",
            CapturePolicy {
                context: mode,
                ..CapturePolicy::default()
            },
        )
        .await;
        test.run(&with("{\"actor\": {\"type\": \"anonymous\"}}"))
            .await;
        assert_eq!(test.changes().await.len(), 4);
        for context in nobody {
            let one = test.pool(1).await;
            use sea_orm::ConnectionTrait;
            let done = one.execute_unprepared(&with(context)).await;
            match mode {
                Allow | Warn => assert!(done.is_ok(), "{done:?}"),
                Require => {
                    let err = done.unwrap_err().to_string();
                    assert!(
                        err.contains("INSERT on public.t needs an audit context with an actor"),
                        "{err}"
                    );
                    let _ = one.execute_unprepared("ROLLBACK").await;
                    let err = one
                        .execute_unprepared("TRUNCATE t")
                        .await
                        .unwrap_err()
                        .to_string();
                    assert!(err.contains("TRUNCATE on public.t needs"), "{err}");
                }
            }
        }
        let expected = if mode == Require {
            4
        } else {
            4 + 4 * nobody.len()
        };
        assert_eq!(test.changes().await.len(), expected);
    }
}

#[tokio::test]
async fn the_warning_comes_once_per_transaction_and_table() {
    use threadline::policy::ContextMode;
    let test = TestDb::new().await;
    test.run("CREATE TABLE a (id int PRIMARY KEY); CREATE TABLE b (id int PRIMARY KEY); CREATE TABLE c (id int PRIMARY KEY)")
        .await;
    for table in ["public.a", "public.b", "public.c"] {
        test.capture(
            table,
            CapturePolicy {
                context: ContextMode::Warn,
                ..CapturePolicy::default()
            },
        )
        .await;
    }
    let one = test.pool(1).await;
    run(&one, "BEGIN; INSERT INTO a SELECT generate_series(1, 5); INSERT INTO b VALUES (1); INSERT INTO a VALUES (6); TRUNCATE a, c").await;
    let warned: String = rows(&one, "SELECT current_setting('threadline.warned')").await[0]
        .try_get_by_index(0)
        .unwrap();
    assert_eq!(warned.split_whitespace().count(), 3, "{warned}");
    run(&one, "COMMIT").await;
}

#[tokio::test]
async fn a_context_whose_numbers_are_longer_than_they_look_never_makes_a_write_fail() {
    let test = table().await;
    let list = |count: usize| vec!["1e131000"; count].join(",");
    for (context, expected) in [
        (
            format!(
                "{{\"source\": \"s\", \"meta\": {{\"a\": [{}]}}}}",
                list(2000)
            ),
            r#"{"source": "s", "context_error": "refused: meta"}"#,
        ),
        (
            format!("{{\"meta\": {{\"a\": [{}]}}}}", list(9000)),
            r#"{"context_error": "not readable"}"#,
        ),
        (
            format!("{{\"actor\": {{\"type\": [{}]}}}}", list(9000)),
            r#"{"context_error": "not readable"}"#,
        ),
    ] {
        assert_eq!(stored(&test, &context).await, expected, "{context:.60}");
    }
    let many: Vec<_> = (0..6500).map(|n| format!("\"{n}\":1")).collect();
    let refused = test
        .db
        .execute_unprepared(&format!(
            "SELECT threadline.set_context('{{\"meta\":{{{}}}}}')",
            many.join(",")
        ))
        .await;
    assert!(refused.unwrap_err().to_string().contains("refused: meta"));
}

// In another encoding than UTF8 some characters have no equivalent in it.
#[tokio::test]
async fn a_context_of_a_database_with_another_encoding_never_makes_a_write_fail() {
    let test = TestDb::new().await;
    let name: String = test.one("SELECT current_database()::text").await;
    let other = format!("{name}_1252");
    test.run(&format!(
        "CREATE DATABASE {other} TEMPLATE template0 ENCODING 'WIN1252' LC_COLLATE 'C' LC_CTYPE 'C'"
    ))
    .await;
    let url = server_url(&other);
    let test = TestDb {
        db: connect(&url, 1).await,
        url,
    };
    threadline::install(&test.db).await.unwrap();
    test.run("CREATE TABLE t (id int PRIMARY KEY)").await;
    test.capture("public.t", CapturePolicy::default()).await;
    for (id, context) in [
        (
            1,
            r#"'{"actor": {"type": "user", "id": "a' || chr(129) || '"}}'"#,
        ),
        (2, r#"'{"x' || chr(129) || '": 1, "source": "s"}'"#),
    ] {
        test.run(&format!("DO $$ BEGIN PERFORM set_config('threadline.context', {context}, true); INSERT INTO t VALUES ({id}); END $$"))
            .await;
    }
    let found: Vec<String> = test
        .all("SELECT concat_ws(' ', octet_length(actor_id), source, context_error) FROM threadline.audit_transactions ORDER BY id")
        .await;
    assert_eq!(found, ["2", "s"]);
    test.db.close().await.unwrap();
}
