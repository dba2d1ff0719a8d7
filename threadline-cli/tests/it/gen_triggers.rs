use crate::{
    database::TestDb,
    host::{COMMENT, Host, POST},
};

const NO_DATABASE: &str = "warning: DATABASE_URL is not set: columns and keys come from the \
                           entities and from earlier migrations\n";
const POST_PATH: &str = "blog/src/post.rs";

/// A host whose audit schema is installed.
fn host() -> Host {
    let host = Host::new();
    host.done(["install"]);
    host
}

/// The specification in the newest migration.
fn newest_spec(host: &Host) -> serde_json::Value {
    let text = host.read(&format!("migration/src/{}", host.written().last().unwrap()));
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("// threadline:spec "))
        .unwrap();
    serde_json::from_str(line).unwrap()
}

#[test]
fn without_a_database_the_entity_says_columns_key_and_policy() {
    let host = host();
    insta::assert_snapshot!(
        "capture_posts",
        host.done(["gen-triggers", "--tables", "posts"])
    );
    insta::assert_json_snapshot!("spec_of_posts", newest_spec(&host));
    let name = host.written()[1].replace(".rs", "");
    let lib = host.read("migration/src/lib.rs");
    assert!(lib.contains(&format!("mod {name};\n")), "{lib}");
    assert!(
        lib.contains(&format!("Box::new({name}::Migration),\n        ]")),
        "{lib}"
    );
}

#[test]
fn an_unchanged_policy_writes_nothing_and_a_changed_one_a_migration_that_knows_the_former() {
    let host = host();
    host.done(["gen-triggers", "--all"]);
    let before = host.files();
    assert_eq!(
        host.done(["gen-triggers", "--all"]),
        format!("{NO_DATABASE}the capture of `posts` is up to date\n")
    );
    assert_eq!(host.files(), before);

    host.edit(POST_PATH, "#[audited(mask)]", "#[audited(exclude)]");
    host.done(["gen-triggers", "--all"]);
    let written = host.written();
    assert_eq!(written.len(), 3);
    let first = host.read(&format!("migration/src/{}", written[1]));
    let second = host.read(&format!("migration/src/{}", written[2]));
    let up = |text: &str| {
        text.split("const UP")
            .nth(1)
            .unwrap()
            .split("const DOWN")
            .next()
            .unwrap()
            .to_owned()
    };
    let down = second.split("const DOWN").nth(1).unwrap();
    assert_eq!(
        up(&first).trim(),
        down.trim(),
        "down restores what the first one installed"
    );
    assert_eq!(
        newest_spec(&host)["policy"]["exclude"],
        serde_json::json!(["author_email"])
    );
}

#[test]
fn several_tables_share_a_migration_and_only_changed_ones_are_in_it() {
    let host = host();
    host.edit(
        "blog/src/comment.rs",
        "DeriveEntityModel",
        "DeriveEntityModel, threadline::Audited",
    );
    insta::assert_snapshot!("capture_all", host.done(["gen-triggers", "--all"]));
    host.edit(POST_PATH, "#[audited(mask)]", "");
    insta::assert_snapshot!("capture_changed", host.done(["gen-triggers", "--all"]));
}

#[test]
fn a_rehearsal_writes_nothing() {
    let host = host();
    let before = host.files();
    let said = host.done(["gen-triggers", "--all", "--dry-run"]);
    assert!(said.contains("\nwould create migration/src/mNOW_threadline_capture_posts.rs\n"));
    assert_eq!(host.files(), before);
}

#[test]
fn refusals_without_a_database_name_the_thing_and_the_fix_and_write_nothing() {
    let host = host();
    let mut said = Vec::new();
    let mut refuse = |code: i32, what: &str, args: &[&str]| {
        said.push(format!(
            "# {what}\n{}",
            host.refused(code, &[&["gen-triggers"], args].concat())
        ));
    };
    refuse(2, "two spellings", &["--tables", "posts,public.posts"]);
    refuse(1, "unknown", &["--tables", "postz"]);
    refuse(2, "no name", &["--tables", "a.b.c"]);
    refuse(2, "too long", &["--tables", &"x".repeat(64)]);
    refuse(1, "own table", &["--tables", "threadline.audit_changes"]);
    refuse(1, "other schema", &["--all", "--audit-schema", "trail"]);
    refuse(
        1,
        "nothing audited",
        &["--all", "--source", "migration/src"],
    );

    host.write("blog/src/again.rs", POST);
    refuse(2, "two entities", &["--all"]);
    host.write("blog/src/again.rs", "");

    host.edit(POST_PATH, "#[audited(mask)]", "#[audited(masks)]");
    refuse(2, "a wrong word", &["--all"]);
    host.edit(POST_PATH, "#[audited(masks)]", "#[audited(mask)]");

    host.write("threadline.toml", "[tables.posts]\n");
    refuse(2, "two policies", &["--all"]);
    host.write("threadline.toml", "[tables.'no.such.table']\n");
    refuse(2, "wrong name in the file", &["--all"]);
    host.write("threadline.toml", "");

    host.done(["gen-triggers", "--all"]);
    let mut refuse = |code: i32, what: &str, args: &[&str]| {
        said.push(format!(
            "# {what}\n{}",
            host.refused(code, &[&["gen-triggers"], args].concat())
        ));
    };
    host.edit(POST_PATH, ", Audited)", ")");
    refuse(1, "policy gone", &["--tables", "posts"]);
    host.edit(
        POST_PATH,
        "DeriveEntityModel)",
        "DeriveEntityModel, Audited)",
    );
    let lib = host.read("migration/src/lib.rs");
    let name = host.written()[1].replace(".rs", "");
    host.edit("migration/src/lib.rs", &format!("mod {name};\n"), "");
    refuse(1, "not registered", &["--all"]);
    host.write("migration/src/lib.rs", &lib);
    insta::assert_snapshot!("refusals_offline", said.join("\n"));
}

#[test]
fn a_server_that_does_not_answer_is_a_warning_and_a_wrong_address_an_error() {
    let mut host = host();
    host.use_database("postgres://nobody@127.0.0.1:1/none");
    let said = host.done(["gen-triggers", "--all"]);
    assert!(
        said.starts_with("warning: the database cannot be reached, the entities alone are read:"),
        "{said}"
    );
    host.refused(
        2,
        &[
            "gen-triggers",
            "--all",
            "--database-url",
            "mysql://localhost/x",
        ],
    );
}

#[test]
fn without_install_the_missing_schema_is_a_warning() {
    let host = Host::new();
    let said = host.done(["gen-triggers", "--all"]);
    assert!(
        said.starts_with("warning: no migration creates the audit schema"),
        "{said}"
    );
}

#[test]
fn with_a_database_the_catalogue_says_columns_and_key() {
    let db = TestDb::new("catalogue");
    db.run(
        "CREATE TABLE posts (
             author_email text, id int, title text, search_vector tsvector, PRIMARY KEY (id)
         );
         CREATE SCHEMA blog;
         CREATE TABLE blog.\"We ird\" (at timestamptz, ref uuid NOT NULL UNIQUE);",
    );
    let mut host = host();
    host.use_database(&db.url);
    host.write(
        "threadline.toml",
        "[tables.'blog.\"We ird\"']\nprimary_key = ['ref']\ncontext = 'require'\n",
    );
    insta::assert_snapshot!("capture_catalogue", host.done(["gen-triggers", "--all"]));
    insta::assert_json_snapshot!("spec_of_weird", newest_spec(&host));

    // What the catalogue said is not forgotten without it.
    host.use_database("");
    let said = host.done(["gen-triggers", "--all"]);
    assert_eq!(
        said,
        format!(
            "{NO_DATABASE}the capture of `blog.\"We ird\"` is up to date\n\
             the capture of `posts` is up to date\n"
        )
    );
}

#[test]
fn many_tables_are_read_from_the_catalogue_over_the_same_connections() {
    let db = TestDb::new("many");
    let mut host = host();
    host.use_database(&db.url);
    let mut tables = String::new();
    for n in 1..=5 {
        db.run(&format!("CREATE TABLE t{n} (id int PRIMARY KEY)"));
        tables.push_str(&format!("[tables.t{n}]\n"));
    }
    host.write("threadline.toml", &tables);
    let said = host.done(["gen-triggers", "--tables", "t1,t2,t3,t4,t5"]);
    assert!(said.contains("_threadline_capture_5_tables.rs"), "{said}");
}

#[test]
fn refusals_of_the_catalogue_name_the_thing_and_the_fix_and_write_nothing() {
    let db = TestDb::new("refusals");
    db.run(
        "CREATE TABLE \"Posts\" (id int PRIMARY KEY);
         CREATE TABLE keyless (a int, b int);
         CREATE TABLE unique_only (a int NOT NULL UNIQUE);
         CREATE VIEW seen AS SELECT 1 AS id;
         CREATE TABLE parted (id int PRIMARY KEY) PARTITION BY RANGE (id);
         CREATE TABLE part PARTITION OF parted FOR VALUES FROM (0) TO (1);
         CREATE TABLE comments (id int PRIMARY KEY, body text);",
    );
    let mut host = host();
    host.use_database(&db.url);
    let mut said = Vec::new();
    let mut refuse = |table: &str| {
        let refusal = host.refused(1, &["gen-triggers", "--tables", table]);
        said.push(format!("# {table}\n{refusal}"));
    };
    for table in [
        "posts",
        "keyless",
        "unique_only",
        "seen",
        "part",
        "threadline.audit_changes",
    ] {
        refuse(table);
    }
    host.write("threadline.toml", "[tables.comments]\nmask = ['boddy']\n");
    refuse("comments");
    host.write(
        "threadline.toml",
        "[tables.comments]\nprimary_key = ['body']\n",
    );
    refuse("comments");
    host.write(
        "blog/src/comment.rs",
        &COMMENT
            .replace(
                "DeriveEntityModel)",
                "DeriveEntityModel, threadline::Audited)",
            )
            .replace("pub body", "#[audited(mask)]\n    pub text"),
    );
    host.write("threadline.toml", "");
    refuse("comments");
    insta::assert_snapshot!("refusals_of_the_catalogue", said.join("\n"));
}

#[test]
fn an_entity_with_another_key_than_its_table_is_refused() {
    let db = TestDb::new("entity_key");
    db.run(
        "CREATE TABLE posts (
             id int, tenant_id int, title text, author_email text, search_vector tsvector, PRIMARY KEY (tenant_id, id)
         );",
    );
    let mut host = host();
    host.use_database(&db.url);
    let refusal = host.refused(1, &["gen-triggers", "--tables", "posts"]);
    assert!(
        refusal.contains("has the key (id) and the table has (id, tenant_id)"),
        "{refusal}"
    );
}

#[test]
fn sources_come_from_the_flag_then_from_the_file() {
    let host = host();
    host.write("threadline.toml", "entity_paths = ['nowhere']\n");
    let refused = host.refused(2, &["gen-triggers", "--all"]);
    assert_eq!(refused, "error: the source `HOST/nowhere` does not exist\n");
    host.done(["gen-triggers", "--all", "--source", "blog/src/post.rs"]);
}

#[test]
fn a_module_file_gets_its_directory_with_the_first_migration() {
    let host = Host::new();
    host.write(
        "blog/src/db.rs",
        "impl MigratorTrait for M { fn migrations() -> V { vec![] } }\n",
    );
    host.write("threadline.toml", "migration_dir = 'blog/src'\n");
    let said = host.done(["install"]);
    assert!(
        said.contains("created blog/src/db/mNOW_threadline_install.rs\n"),
        "{said}"
    );
}
