//! Coverage, findings and policies as the command shows them, and the commands that findings print.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::{
    database::TestDb,
    host::{Host, POST, Said},
};

const TABLES: &str =
    "CREATE TABLE posts (id serial PRIMARY KEY, title text NOT NULL, author_email text NOT NULL);
    CREATE TABLE comments (id serial PRIMARY KEY, post_id int, body text)";

/// A project whose migrations are applied to a database of its own.
struct Applied {
    host: Host,
    db: TestDb,
    applied: BTreeSet<String>,
}

impl Applied {
    fn new(name: &str) -> Self {
        let db = TestDb::new(name);
        db.run(TABLES);
        let mut host = Host::new();
        host.use_database(&db.url);
        host.write(
            "threadline.toml",
            "[coverage]\nexpected_gaps = ['comments']\n[health]\napplication_roles = ['pg_monitor']\n",
        );
        let mut applied = Self {
            host,
            db,
            applied: BTreeSet::new(),
        };
        applied.generate("cargo threadline install");
        applied.generate("cargo threadline gen-triggers --all");
        applied
    }

    /// Runs a command line as a shell would take it apart, and applies the migrations that it wrote.
    fn generate(&mut self, command: &str) {
        let words = shell_words(command);
        assert_eq!(words[..2], ["cargo", "threadline"]);
        self.host.done(&words[2..]);
        let new: Vec<_> = self
            .host
            .written()
            .into_iter()
            .filter(|name| !self.applied.contains(name))
            .collect();
        assert!(!new.is_empty(), "`{command}` wrote nothing");
        for name in new {
            self.db
                .run(&up(&self.host.read(&format!("migration/src/{name}"))));
            self.applied.insert(name);
        }
    }

    fn findings(&self) -> Vec<Value> {
        let said = self.host.run(["health", "findings", "--json"]);
        let json: Value =
            serde_json::from_str(&said.stdout).unwrap_or_else(|err| panic!("{err}: {said:?}"));
        let findings = json["findings"].as_array().unwrap().clone();
        let alarming = findings.iter().any(|finding| finding["severity"] != "info");
        assert_eq!(said.code, Some(i32::from(alarming)), "{said:?}");
        findings
    }

    #[track_caller]
    fn codes(&self) -> Vec<String> {
        let findings = self.findings();
        findings
            .iter()
            .map(|finding| finding["code"].as_str().unwrap().to_owned())
            .collect()
    }

    /// Makes the fault, sees these findings, runs the command of the first, and sees the rest of them.
    #[track_caller]
    fn check(&mut self, fault: &str, code: &str, rest: &[&str]) {
        assert_eq!(self.codes(), Vec::<String>::new(), "before {fault}");
        self.db.run(fault);
        self.put_right(code, rest);
    }

    #[track_caller]
    fn put_right(&mut self, code: &str, rest: &[&str]) {
        let findings = self.findings();
        let finding = findings
            .iter()
            .find(|finding| finding["code"] == code)
            .unwrap_or_else(|| panic!("no {code}: {findings:#?}"));
        assert_eq!(finding["fix"]["kind"], "command", "{finding}");
        let command = finding["fix"]["text"].as_str().unwrap();
        self.generate(command);
        assert_eq!(self.codes(), rest, "after {command}");
    }
}

/// The SQL of a migration's way up.
pub(crate) fn up(migration: &str) -> String {
    let file = syn::parse_file(migration).unwrap();
    let text = file.items.iter().find_map(|item| match item {
        syn::Item::Const(item) if item.ident == "UP" => match &*item.expr {
            syn::Expr::Lit(syn::ExprLit {
                lit: syn::Lit::Str(text),
                ..
            }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    });
    text.unwrap()
}

/// The words of a command line, as a POSIX shell sees them.
fn shell_words(line: &str) -> Vec<String> {
    let script = format!("printf '%s\\0' {line}");
    let output = std::process::Command::new("sh")
        .args(["-c", &script])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.split_terminator('\0').map(str::to_owned).collect()
}

fn function(edit: &str) -> String {
    format!(
        "DO $$ DECLARE f regprocedure := (SELECT oid FROM pg_proc WHERE proname LIKE 'capture\\_posts\\_%'); BEGIN {edit} END $$"
    )
}

#[test]
fn the_command_that_a_finding_prints_puts_the_capture_right() {
    let mut project = Applied::new("health_fixes");
    let drop = "DROP TRIGGER \"00_threadline_audit_capture\" ON posts; DROP TRIGGER \"00_threadline_audit_truncate\" ON posts";
    let orphans = ["orphaned-function", "orphaned-function"];
    project.check(drop, "missing-trigger", &[]);
    project.check(
        "DROP TRIGGER \"00_threadline_audit_truncate\" ON posts",
        "incomplete-trigger",
        &[],
    );
    project.check(
        &function("EXECUTE format('CREATE OR REPLACE TRIGGER \"00_threadline_audit_capture\" AFTER INSERT OR UPDATE OR DELETE ON posts FOR EACH ROW WHEN (pg_trigger_depth() > 9) EXECUTE FUNCTION %s', f);"),
        "incomplete-trigger",
        &[],
    );
    project.check(
        &function("EXECUTE replace(pg_get_functiondef(f), 'BEGIN', 'BEGIN RETURN NULL;');"),
        "edited-function",
        &[],
    );
    project.check(
        &function("EXECUTE format('ALTER FUNCTION %s SECURITY INVOKER', f);"),
        "edited-function",
        &[],
    );
    project.check(
        &function("EXECUTE format('COMMENT ON FUNCTION %s IS NULL', f);"),
        "edited-function",
        &[],
    );
    project.check(
        &function(
            "EXECUTE replace(pg_get_functiondef(f), 'RETURN NULL;', 'RETURN NULL; -- older');
             EXECUTE format('COMMENT ON FUNCTION %s IS %L', f, (SELECT regexp_replace(obj_description(f), '\"body\":\"[0-9a-f]*\"',
               format('\"body\":\"%s\"', encode(sha256(convert_to(prosrc, 'UTF8')), 'hex'))) FROM pg_proc WHERE oid = f));",
        ),
        "outdated-function",
        &[],
    );
    project.check("ALTER TABLE posts ADD extra int", "column-added", &[]);
    project.check(
        "ALTER TABLE posts ALTER extra TYPE float8",
        "column-retyped",
        &[],
    );
    project.check("ALTER TABLE posts DROP extra", "column-dropped", &[]);
    // A table under another name goes on under its old one; the command gives it functions of its own.
    project.check(
        "ALTER TABLE comments RENAME TO remarks; CREATE TABLE comments ()",
        "missing-trigger",
        &[],
    );
    project.db.run("ALTER TABLE remarks RENAME TO notes");
    project.put_right("shared-function", &orphans);
}

#[test]
fn a_partition_that_came_later_gets_the_trigger_that_it_lacks() {
    let mut project = Applied::new("health_partition");
    project
        .db
        .run("CREATE TABLE \"ta bles\" (id int PRIMARY KEY) PARTITION BY RANGE (id)");
    project.put_right("missing-trigger", &[]);
    project.check(
        "CREATE TABLE late PARTITION OF \"ta bles\" FOR VALUES FROM (0) TO (9)",
        "partition-truncate",
        &[],
    );
}

#[test]
fn a_changed_policy_or_key_is_drift_until_it_is_deployed() {
    let mut project = Applied::new("health_drift");
    project
        .host
        .edit("blog/src/post.rs", "#[audited(mask)]", "");
    project.put_right("policy-drift", &[]);
    project.host.write("blog/src/post.rs", POST);
    let findings = project.findings();
    assert_eq!(
        findings[0]["severity"], "critical",
        "an exposed secret: {findings:#?}"
    );
    project.put_right("policy-drift", &[]);

    // The key of the table changes, and the entity with it.
    project
        .db
        .run("ALTER TABLE posts DROP CONSTRAINT posts_pkey, ADD PRIMARY KEY (id, title)");
    project.host.edit(
        "blog/src/post.rs",
        "pub title",
        "#[sea_orm(primary_key)] pub title",
    );
    project.put_right("key-drift", &[]);

    // The redacted column is renamed: the sentence names what to edit and what to run then.
    project
        .db
        .run("ALTER TABLE posts RENAME author_email TO email");
    let codes = project.codes();
    assert_eq!(codes, ["column-dropped", "policy-unfit", "column-added"]);
    let finding = &project.findings()[0];
    let (_, command) = finding["fix"]["text"]
        .as_str()
        .unwrap()
        .split_once("then run: ")
        .unwrap();
    project
        .host
        .edit("blog/src/post.rs", "pub author_email", "pub email");
    project.generate(command);
    assert_eq!(project.codes(), Vec::<String>::new());
}

#[test]
fn the_commands_print_tables_for_people() {
    let project = Applied::new("health_text");
    project.db.run(
        "CREATE TABLE drafts (id int PRIMARY KEY); CREATE SCHEMA blog; CREATE TABLE blog.tags (id int PRIMARY KEY); CREATE TABLE seaql_migrations (version text);
         ALTER TABLE posts DISABLE TRIGGER \"00_threadline_audit_truncate\"; ALTER TABLE posts ADD extra int",
    );
    project.host.write(
        "threadline.toml",
        "[coverage]\nexpected_gaps = ['comments', 'ghosts']\n[health]\napplication_roles = ['pg_monitor']\n",
    );
    let shown = |args: &[&str], code| {
        let Said {
            code: said,
            stdout,
            stderr,
        } = project.host.run(args);
        assert_eq!((said, stderr.as_str()), (Some(code), ""), "{stdout}");
        stdout
    };
    insta::assert_snapshot!("health_coverage", shown(&["health", "coverage"], 0));
    insta::assert_snapshot!(
        "health_coverage_all",
        shown(&["health", "coverage", "--all-schemas"], 0)
    );
    insta::assert_snapshot!("health_findings", shown(&["health", "findings"], 1));
    insta::assert_snapshot!("policy_show", shown(&["policy", "show"], 0));
    shown(&["health", "coverage", "--strict"], 1);
    let said = project
        .host
        .refused(2, &["health", "coverage", "--strict", "--schema", "publik"]);
    assert!(
        said.contains("`publik` has no tables; the schemas with tables are blog, public"),
        "{said}"
    );
    insta::assert_json_snapshot!(
        "health_coverage_json",
        serde_json::from_str::<Value>(&shown(&["health", "coverage", "--json"], 0)).unwrap()
    );
    insta::assert_json_snapshot!(
        "health_findings_json",
        serde_json::from_str::<Value>(&shown(&["health", "findings", "--json"], 1)).unwrap()
    );
    insta::assert_json_snapshot!(
        "policy_show_json",
        serde_json::from_str::<Value>(&shown(&["policy", "show", "--json"], 0)).unwrap()
    );
}

#[test]
fn writes_count_from_the_instant_that_is_given() {
    let project = Applied::new("health_since");
    project
        .db
        .run("INSERT INTO posts (title, author_email) VALUES ('a', 'b')");
    assert_eq!(project.codes(), ["writes-without-context"]);
    let said = project
        .host
        .run(["health", "findings", "--since", "2999-01-01T00:00:00Z"]);
    assert_eq!(
        (said.code, said.stdout.as_str()),
        (Some(0), "nothing found\n")
    );
    let said = project
        .host
        .run(["health", "findings", "--since", "yesterday"]);
    assert_eq!(said.code, Some(2), "{said:?}");
}

#[test]
fn outside_of_a_project_the_database_is_looked_at_alone() {
    let project = Applied::new("health_alone");
    let host = {
        let mut host = Host::empty();
        host.use_database(&project.db.url);
        host
    };
    let said = host.run(["health", "coverage"]);
    assert_eq!(said.code, Some(0), "{said:?}");
    assert!(
        said.stderr
            .starts_with("warning: no project was found here"),
        "{said:?}"
    );
    assert!(said.stdout.contains("posts     covered"), "{said:?}");
}

#[test]
fn a_project_that_can_not_be_read_is_never_taken_for_none() {
    let project = Applied::new("health_broken");
    let host = &project.host;
    let toml = "[tables.comments]\n[coverage]\nexpected = ['posts']\n";
    host.write("threadline.toml", toml);
    host.done(["verify-coverage"]);
    let elsewhere = ["--manifest-path", "nowhere/Cargo.toml"];
    for command in [
        &["verify-coverage"][..],
        &["health", "coverage"],
        &["health", "findings"],
        &["policy", "show"],
    ] {
        let said = host.refused(3, &[command, &elsewhere].concat());
        assert!(said.contains("failed to read the workspace"), "{said}");
    }
    host.write("Cargo.toml", "[workspace\n");
    let said = host.refused(3, &["verify-coverage"]);
    assert!(said.contains("failed to read the workspace"), "{said}");
}

#[test]
fn what_can_not_be_looked_at_is_an_error_that_names_the_fix() {
    let mut host = Host::new();
    for args in [
        &["health", "coverage"][..],
        &["health", "findings"],
        &["policy", "show"],
        &["verify-coverage"],
    ] {
        let stderr = host.refused(2, args);
        assert_eq!(
            stderr,
            "error: no database was named\nhelp: set DATABASE_URL, or use `--database-url`\n"
        );
    }
    let db = TestDb::new("health_nothing");
    host.use_database(&db.url);
    let stderr = host.refused(3, &["health", "findings"]);
    assert!(
        stderr.contains("`threadline` is not installed in this database"),
        "{stderr}"
    );
    let stderr = host.refused(3, &["health", "findings", "--audit-schema", "audit"]);
    assert!(
        stderr.contains("`audit` is not installed in this database"),
        "{stderr}"
    );
    host.write("threadline.toml", "[coverage]\nexpected_gaps = ['a.b.c']\n");
    let stderr = host.refused(2, &["health", "coverage"]);
    assert!(
        stderr.contains("`a.b.c` in `expected_gaps` of threadline.toml"),
        "{stderr}"
    );
    host.use_database("postgres://127.0.0.1:1/none");
    host.write("threadline.toml", "");
    let stderr = host.refused(3, &["verify-coverage"]);
    assert!(
        stderr.contains("failed to connect to the database"),
        "{stderr}"
    );
}

#[test]
fn the_commands_and_the_configuration_of_the_checklist_work() {
    let project = Applied::new("health_checklist");
    project.db.run("ALTER TABLE comments RENAME TO drafts");
    let guide = include_str!("../../../docs/production-checklist.md");
    let (_, toml) = guide.split_once("```toml\n").unwrap();
    let (toml, _) = toml.split_once("```").unwrap();
    assert!(toml.contains("my_application"));
    project.host.write(
        "threadline.toml",
        &toml.replace("my_application", "pg_monitor"),
    );
    let commands: Vec<_> = guide
        .lines()
        .filter_map(|line| line.strip_prefix("$ cargo threadline "))
        .collect();
    assert_eq!(commands.len(), 4);
    for command in commands {
        let said = project.host.run(command.split(' '));
        assert_eq!(
            (said.code, said.stderr.as_str()),
            (Some(0), ""),
            "{command}: {said:?}"
        );
    }
}
