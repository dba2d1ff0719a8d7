//! `cargo threadline verify-coverage`, as CI runs it.

use serde_json::Value;

use crate::{database::TestDb, host::Host};

/// A project whose one audited entity has a captured table.
fn project(name: &str) -> (Host, TestDb) {
    let db = TestDb::new(name);
    db.run(
        "CREATE TABLE posts (id serial PRIMARY KEY, title text NOT NULL, author_email text NOT NULL);
         CREATE TABLE \"odd :,%\" (id int PRIMARY KEY)",
    );
    let mut host = Host::new();
    host.use_database(&db.url);
    host.done(["install"]);
    host.done(["gen-triggers", "--all"]);
    for name in host.written() {
        let migration = host.read(&format!("migration/src/{name}"));
        db.run(&crate::health::up(&migration));
    }
    (host, db)
}

const DISABLE: &str = "ALTER TABLE posts DISABLE TRIGGER \"00_threadline_audit_capture\"";
const ENABLE: &str = "ALTER TABLE posts ENABLE TRIGGER \"00_threadline_audit_capture\"";

fn said(host: &Host, args: &[&str], code: i32) -> String {
    let said = host.run([&["verify-coverage"], args].concat());
    assert_eq!(
        (said.code, said.stderr.as_str()),
        (Some(code), ""),
        "{said:?}"
    );
    said.stdout
}

#[test]
fn every_format_says_what_is_not_covered_and_the_exit_code_says_whether() {
    let (host, db) = project("verify_formats");
    insta::assert_snapshot!("verify_covered", said(&host, &[], 0));
    assert_eq!(
        said(&host, &["--format", "github"], 0),
        "1 of 1 expected tables are covered\n"
    );
    assert!(!said(&host, &["--format", "junit"], 0).contains("<failure"));
    db.run(DISABLE);
    insta::assert_snapshot!("verify_uncovered", said(&host, &[], 1));
    insta::assert_snapshot!("verify_github", said(&host, &["--format", "github"], 1));
    insta::assert_snapshot!("verify_junit", said(&host, &["--format", "junit"], 1));
    let json: Value = serde_json::from_str(&said(&host, &["--json"], 1)).unwrap();
    assert_eq!(
        said(&host, &["--format", "json"], 1),
        said(&host, &["--json"], 1)
    );
    insta::assert_json_snapshot!("verify_json", json);
    db.run(ENABLE);
    said(&host, &[], 0);
}

#[test]
fn the_configured_tables_are_asked_for_instead_of_the_entities_and_never_excused() {
    let (host, db) = project("verify_configured");
    db.run(DISABLE);
    host.write(
        "threadline.toml",
        "[coverage]\nexpected = ['odd :,%', 'blog.gone', 'posts']\nexpected_gaps = ['odd :,%']\n",
    );
    insta::assert_snapshot!("verify_configured", said(&host, &["--format", "github"], 1));
    db.run(ENABLE);
    host.write("threadline.toml", "[coverage]\nexpected = ['posts']\n");
    said(&host, &[], 0);
}

#[test]
fn nothing_to_verify_is_no_success() {
    let (host, db) = project("verify_nothing");
    host.edit("blog/src/post.rs", ", Audited", "");
    host.edit("blog/src/post.rs", "#[audited(mask)]", "");
    let stderr = host.refused(2, &["verify-coverage"]);
    assert!(
        stderr.contains("no table is expected to be captured"),
        "{stderr}"
    );
    host.write("threadline.toml", "[coverage]\nexpected = ['']\n");
    let stderr = host.refused(2, &["verify-coverage"]);
    assert!(
        stderr.contains("in `expected` of threadline.toml"),
        "{stderr}"
    );
    db.run("DROP SCHEMA threadline CASCADE");
    host.write("threadline.toml", "[coverage]\nexpected = ['posts']\n");
    host.refused(3, &["verify-coverage"]);
}

#[test]
fn a_check_leaves_evidence_of_what_it_saw_if_the_role_may() {
    let (mut host, db) = project("verify_evidence");
    said(&host, &[], 0);
    db.run(DISABLE);
    said(&host, &[], 1);
    host.done(["health", "coverage"]);
    let seen = || {
        db.texts(
            "SELECT concat_ws(' ', verdict, reference, provenance ->> 'covered', provenance ->> 'uncovered_tables',
                    coalesce(provenance ->> 'expected_tables', 'in ' || (provenance ->> 'schemas'), 'everywhere'))
               FROM threadline.audit_evidence WHERE subject = 'coverage' ORDER BY id",
        )
    };
    let recorded = [
        r#"proven threadline 1 [] ["posts"]"#,
        r#"unsupported threadline 0 ["posts"] ["posts"]"#,
        r#"unsupported threadline 0 ["\"odd :,%\"", "posts"] in ["public"]"#,
    ];
    assert_eq!(seen(), recorded);
    let and = if db.url.contains('?') { '&' } else { '?' };
    host.use_database(&format!("{}{and}options[role]=threadline_reader", db.url));
    said(&host, &[], 1);
    assert_eq!(seen().len(), 3);
    // One schema is not the database, and nothing is no proof.
    host.use_database(&db.url);
    db.run("DROP TABLE posts, \"odd :,%\"; CREATE SCHEMA empty");
    host.refused(2, &["health", "coverage", "--schema", "empty"]);
    host.edit("blog/src/post.rs", ", Audited", "");
    host.edit("blog/src/post.rs", "#[audited(mask)]", "");
    host.done(["health", "coverage", "--all-schemas"]);
    assert_eq!(seen()[3..], ["unsupported threadline 0 [] everywhere"]);
}

#[test]
fn a_project_that_contradicts_itself_is_not_verified() {
    let (host, _db) = project("verify_contradictions");
    for (toml, expected) in [
        (
            "[tables.posts]\n",
            "the policy of table `posts` is in two places",
        ),
        (
            "[tables.'a.b.c']\n",
            "`a.b.c` in `tables` of threadline.toml",
        ),
        (
            "[tables.tags]\n[tables.'public.tags']\n",
            "are the same table",
        ),
    ] {
        host.write("threadline.toml", toml);
        let said = host.refused(2, &["verify-coverage"]);
        assert!(said.contains(expected), "{said}");
    }
    host.write("threadline.toml", "");
    host.edit("blog/src/post.rs", "#[audited(mask)]", "#[audited(maks)]");
    host.refused(2, &["verify-coverage"]);
}
