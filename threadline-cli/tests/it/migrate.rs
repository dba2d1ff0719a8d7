//! What is written compiles and does what it says.

use std::{path::Path, process::Command};

use crate::{database::TestDb, host::Host};

/// Runs cargo in the host project with the workspace's dependencies and build products.
#[track_caller]
fn cargo(host: &Host, args: &[&str], succeeds: bool) -> String {
    cargo_with(host, args, &[], succeeds)
}

#[track_caller]
fn cargo_with(host: &Host, args: &[&str], variables: &[(&str, &str)], succeeds: bool) -> String {
    // The directory of the build: `CARGO_TARGET_TMPDIR` is made inside of it.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let output = Command::new(env!("CARGO"))
        .current_dir(host.root())
        .env("CARGO_TARGET_DIR", target)
        .env("DATABASE_URL", host.database_url())
        .envs(variables.iter().copied())
        .args(args)
        .output()
        .unwrap();
    let said = [output.stdout, output.stderr]
        .map(|said| String::from_utf8(said).unwrap())
        .concat();
    assert_eq!(output.status.success(), succeeds, "cargo {args:?}\n{said}");
    said
}

#[track_caller]
fn migrate(host: &Host, direction: &str) {
    cargo(
        host,
        &[
            "run",
            "--quiet",
            "--offline",
            "-p",
            "migration",
            "--",
            direction,
        ],
        true,
    );
}

fn write_post(db: &TestDb, title: &str) {
    db.run(&format!(
        "INSERT INTO posts (title, author_email) VALUES ('{title}', 'ann@example.org')"
    ));
}

/// What was captured of the post, as JSON.
fn captured(db: &TestDb, title: &str) -> Vec<String> {
    db.texts(&format!(
        "SELECT (data_after - 'id')::text FROM threadline.audit_changes
         WHERE data_after->>'title' = '{title}'"
    ))
}

#[test]
fn generated_migrations_compile_run_and_take_back_exactly_what_they_did() {
    let db = TestDb::new("migrate");
    let mut host = Host::to_build();
    host.use_database(&db.url);
    let lock = Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.lock");
    host.write("Cargo.lock", &std::fs::read_to_string(lock).unwrap());

    host.done(["install"]);
    migrate(&host, "up");
    host.done(["gen-triggers", "--tables", "posts"]);
    migrate(&host, "up");
    write_post(&db, "first");
    assert_eq!(
        captured(&db, "first"),
        [r#"{"title": "first", "author_email": "[REDACTED]"}"#]
    );

    host.edit(
        "blog/src/post.rs",
        "#[audited(mask)]",
        "#[audited(exclude)]",
    );
    host.done(["gen-triggers", "--tables", "posts"]);
    cargo(
        &host,
        &["build", "--quiet", "--offline", "--workspace"],
        true,
    );
    cargo(&host, &["fmt", "-p", "migration", "--", "--check"], true);
    migrate(&host, "up");
    write_post(&db, "second");
    assert_eq!(captured(&db, "second"), [r#"{"title": "second"}"#]);

    migrate(&host, "down");
    write_post(&db, "third");
    assert_eq!(
        captured(&db, "third"),
        [r#"{"title": "third", "author_email": "[REDACTED]"}"#],
        "the policy before is back"
    );

    migrate(&host, "down");
    write_post(&db, "fourth");
    assert!(
        captured(&db, "fourth").is_empty(),
        "nothing is captured any more"
    );

    let down = [
        "run",
        "--quiet",
        "--offline",
        "-p",
        "migration",
        "--",
        "down",
    ];
    let refused = cargo(&host, &down, false);
    let way_out = "-c threadline.destroy_evidence=threadline";
    assert!(refused.contains("is not empty"), "{refused}");
    assert!(
        refused.contains(&format!("PGOPTIONS='{way_out}'")),
        "{refused}"
    );
    cargo_with(&host, &down, &[("PGOPTIONS", way_out)], true);
    let schemas = "SELECT nspname::text FROM pg_namespace WHERE nspname = 'threadline'";
    assert!(db.texts(schemas).is_empty());
}
