use crate::host::{Host, LIB};

const LIB_PATH: &str = "migration/src/lib.rs";

#[test]
fn install_writes_and_registers_one_migration_and_a_second_run_writes_nothing() {
    let host = Host::new();
    insta::assert_snapshot!("install", host.done(["install"]));
    let written = host.written();
    assert_eq!(written.len(), 1);
    let name = written[0].strip_suffix(".rs").unwrap();
    let lib = host.read(LIB_PATH);
    assert!(
        lib.contains(&format!("mod m20220101_000001_tables;\nmod {name};\n")),
        "{lib}"
    );
    assert!(
        lib.contains(&format!("Box::new({name}::Migration),\n")),
        "{lib}"
    );

    let before = host.files();
    insta::assert_snapshot!("install_again", host.done(["install"]));
    assert_eq!(host.files(), before);
}

#[test]
fn a_rehearsal_shows_the_files_and_writes_nothing() {
    let host = Host::new();
    let before = host.files();
    let said = host.done(["install", "--dry-run"]);
    assert_eq!(host.files(), before);
    assert!(
        said.starts_with("would create migration/src/mNOW_threadline_install.rs\n"),
        "{said}"
    );
    assert!(
        said.contains("\n    impl MigrationTrait for Migration {\n"),
        "{said}"
    );
    assert!(
        said.ends_with(
            "would change migration/src/lib.rs\n    mod mNOW_threadline_install;\n    \
             Box::new(mNOW_threadline_install::Migration),\n"
        ),
        "{said}"
    );
}

#[test]
fn the_flag_goes_before_the_file_and_the_installed_schema_is_kept() {
    let host = Host::new();
    host.write("threadline.toml", "audit_schema = 'audit'\n");
    host.done(["install", "--audit-schema", "trail"]);
    let path = format!("migration/src/{}", host.written()[0]);
    assert!(
        host.read(&path)
            .contains("\n// threadline:install {\"schema\":\"trail\"}\n")
    );
    insta::assert_snapshot!("other_schema", host.refused(1, &["install"]));
    insta::assert_snapshot!(
        "wrong_schema",
        host.refused(2, &["install", "--audit-schema", "public"])
    );
}

#[test]
fn a_migration_module_inside_an_application_is_found_by_its_directory() {
    let host = Host::new();
    host.write("blog/src/db/mod.rs", LIB);
    host.write("threadline.toml", "migration_dir = 'blog/src/db'\n");
    let said = host.done(["install"]);
    assert!(
        said.contains("created blog/src/db/mNOW_threadline_install.rs\n"),
        "{said}"
    );
    assert!(
        host.read("blog/src/db/mod.rs")
            .contains("_threadline_install::Migration")
    );
}

#[test]
fn the_version_sorts_behind_a_migration_from_the_future() {
    let host = Host::new();
    host.write("migration/src/m29991231_235959_far.rs", "");
    host.done(["install"]);
    assert_eq!(host.written(), ["m30000101_000000_threadline_install.rs"]);
}

#[test]
fn a_migration_that_lost_its_registration_is_registered_again() {
    let host = Host::new();
    host.done(["install"]);
    let registered = host.read(LIB_PATH);
    host.write(LIB_PATH, LIB);
    host.done(["install"]);
    assert_eq!(host.read(LIB_PATH), registered);
    assert_eq!(host.written().len(), 1);
}

#[test]
fn a_schema_that_comes_after_its_captures_is_warned_of() {
    let host = Host::new();
    host.done(["gen-triggers", "--tables", "posts"]);
    let said = host.done(["install"]);
    let warning = "warning: `mNOW_threadline_capture_posts` stands before it and needs the audit \
                   schema: move the new entry of the Migrator's list in front of it\n";
    assert!(said.contains(warning), "{said}");
}

#[test]
fn a_list_that_cannot_be_edited_is_refused_with_the_lines_to_paste() {
    let host = Host::new();
    host.edit(
        LIB_PATH,
        "vec![",
        "let mut all: Vec<Box<dyn MigrationTrait>> = vec![",
    );
    host.edit(
        LIB_PATH,
        "::Migration)]",
        "::Migration)];\n        all.reverse();\n        all",
    );
    insta::assert_snapshot!("not_plain", host.refused(1, &["install"]));
    insta::assert_snapshot!("no_register", host.done(["install", "--no-register"]));
    assert_eq!(host.written().len(), 1);
}

#[test]
fn no_project_no_migration_crate_and_several_are_layout_errors() {
    let host = Host::new();
    host.write("blog/src/migrator.rs", LIB);
    host.edit(
        "blog/Cargo.toml",
        "sea-orm.workspace",
        "sea-orm-migration.workspace",
    );
    insta::assert_snapshot!("several_migrators", host.refused(2, &["install"]));
    host.edit(
        "blog/Cargo.toml",
        "sea-orm-migration.workspace",
        "sea-orm.workspace",
    );
    host.edit(
        "migration/Cargo.toml",
        "sea-orm-migration.workspace",
        "sea-orm.workspace",
    );
    insta::assert_snapshot!("no_migration_crate", host.refused(2, &["install"]));
    let nothing = Host::empty().refused(3, &["install"]);
    assert!(
        nothing.starts_with("error: failed to read the workspace"),
        "{nothing}"
    );
}

#[test]
fn a_wrong_configuration_is_named_with_its_line() {
    let host = Host::new();
    host.write("threadline.toml", "shema = 'audit'\n");
    insta::assert_snapshot!("wrong_configuration", host.refused(2, &["install"]));
}

/// Makes the newest migration one that another version of the library wrote.
fn age(host: &Host) -> String {
    let path = format!("migration/src/{}", host.written().last().unwrap());
    host.edit(&path, "version 1", "version 0");
    path
}

#[test]
fn what_another_version_wrote_is_brought_up_to_date_once() {
    let host = Host::new();
    host.done(["install"]);
    host.done(["gen-triggers", "--tables", "posts"]);
    let capture = age(&host);
    let said = host.done(["gen-triggers", "--tables", "posts"]);
    insta::assert_snapshot!("capture_of_another_version", said);
    let said = host.done(["gen-triggers", "--tables", "posts"]);
    assert!(
        said.ends_with("the capture of `posts` is up to date\n"),
        "{said}"
    );
    assert_eq!(host.written().len(), 3);

    let install = format!("migration/src/{}", host.written()[0]);
    host.edit(&install, "version 1", "version 0");
    let said = host.done(["gen-triggers", "--tables", "posts"]);
    assert!(
        said.contains("`cargo threadline install` writes the migration that brings it to this one"),
        "{said}"
    );
    let before = [install.as_str(), capture.as_str()].map(|path| host.read(path));
    insta::assert_snapshot!("schema_of_another_version", host.done(["install"]));
    let said = host.done(["install"]);
    assert!(
        said.contains("_threadline_upgrade.rs` already installs"),
        "{said}"
    );
    let written = host.written();
    assert_eq!(written.len(), 4);
    assert_eq!(
        before,
        [install.as_str(), capture.as_str()].map(|path| host.read(path))
    );
    let upgrade = host.read(&format!("migration/src/{}", written[3]));
    assert!(
        upgrade.starts_with("//! Brings the audit schema `threadline` to the version of Threadline that wrote this.\n"),
        "{upgrade}"
    );
    assert!(
        upgrade.contains("const DOWN: &str = r#\"-- Nothing is taken back.\n\"#;"),
        "{upgrade}"
    );
    let registered = host.read(LIB_PATH);
    let name = written[3].strip_suffix(".rs").unwrap();
    assert!(
        registered.contains(&format!("Box::new({name}::Migration),\n")),
        "{registered}"
    );
}
