//! The file `.env`.

use crate::{host::Host, retention};

#[test]
fn what_the_environment_does_not_say_comes_from_the_file_and_nothing_else_does() {
    let (mut host, test) = retention::host("environment");
    host.use_no_database();
    host.write(
        ".env",
        &format!("# the trail\nDATABASE_URL='{}'\n", test.url),
    );
    assert_eq!(host.done(["timeline"]), "no changes\n");
    host.write(
        ".env",
        &format!(
            "DATABASE_URL='{}'\nTHREADLINE_AUDIT_SCHEMA=nowhere\n",
            test.url
        ),
    );
    let said = host.refused(3, &["timeline"]);
    assert!(said.contains("`nowhere` is not installed"), "{said}");
    host.done(["timeline", "--audit-schema", "threadline"]);
    host.use_database("postgres://127.0.0.1:1/none");
    let said = host.refused(3, &["timeline"]);
    assert!(said.contains("failed to connect"), "{said}");
}

#[test]
fn a_file_that_can_not_be_read_is_an_error_that_quotes_no_secret() {
    let host = Host::empty();
    host.write(".env", "DATABASE_URL=postgres://me:geheim@db/a b c\n");
    let said = host.refused(2, &["timeline"]);
    assert!(
        said.starts_with("error: `.env` has a line that is no `NAME=value`\nhelp: "),
        "{said}"
    );
    assert!(!said.contains("geheim"), "{said}");
    for args in [&["--help"][..], &["--version"], &["completions", "bash"]] {
        host.done(args);
    }
    host.refused(2, &["instal"]);
}
