use super::register;
use crate::migrator::source::MigratorSource;

const NEW: &str = "m20261123_120000_threadline_install";

/// A lib.rs as `sea-orm-cli migrate init` writes it, around a list.
fn lib(list: &str) -> String {
    format!(
        "pub use sea_orm_migration::prelude::*;\n\nmod m20220101_000001_posts;\n\npub struct \
         Migrator;\n\n#[async_trait::async_trait]\nimpl MigratorTrait for Migrator {{\n    fn \
         migrations() -> Vec<Box<dyn MigrationTrait>> {{\n        {list}\n    }}\n}}\n"
    )
}

fn registered(text: &str, names: &[&str]) -> String {
    let source = MigratorSource::parse(text).unwrap();
    let text = register(&source, names).unwrap();
    let after = MigratorSource::parse(&text).unwrap();
    assert!(names.iter().all(|name| after.is_registered(name)), "{text}");
    assert_eq!(
        register(&after, names).unwrap(),
        text,
        "a second time changes nothing"
    );
    text
}

#[track_caller]
fn check(name: &str, text: &str) {
    // Snapshots normalize line breaks; `␍` keeps them visible.
    insta::assert_snapshot!(name, registered(text, &[NEW]).replace('\r', "␍"));
}

#[test]
fn a_list_on_one_line_gets_the_entry_before_its_bracket() {
    check("empty", &lib("vec![]"));
    check("empty_with_comment", &lib("vec![/* none yet */]"));
    check(
        "one",
        &lib("vec![Box::new(m20220101_000001_posts::Migration)]"),
    );
    check(
        "several_on_one_line",
        &lib(
            "vec![Box::new(m20220101_000001_posts::Migration), /* why */ Box::new(m2::Migration), ]",
        ),
    );
    check(
        "returned",
        &lib("return vec![Box::new(m20220101_000001_posts::Migration),];"),
    );
    check(
        "parentheses",
        &lib("vec!(Box::new(m20220101_000001_posts::Migration))"),
    );
    check(
        "bound",
        &lib(
            "let all: Vec<Box<dyn MigrationTrait>> = vec![\n            \
             Box::new(m20220101_000001_posts::Migration),\n        ];\n        all",
        ),
    );
}

#[test]
fn a_list_of_lines_gets_a_line_and_keeps_comments_and_attributes() {
    check(
        "trailing_comma",
        &lib("vec![\n            Box::new(m20220101_000001_posts::Migration),\n        ]"),
    );
    check(
        "no_trailing_comma",
        &lib(
            "vec![\n            Box::new(m20220101_000001_posts::Migration) // ], the first\n        ]",
        ),
    );
    check(
        "bracket_behind_the_last_entry",
        &lib(
            "vec![Box::new(m20220101_000001_posts::Migration),\n             Box::new(m2::Migration)]",
        ),
    );
    check(
        "attributes_and_strings",
        &lib(
            "vec![\n            // \"vec![\" and mod m20990101_000000_no;\n            \
             #[cfg(feature = \"x]\")]\n            Box::new(m20220101_000001_posts::Migration),\n            \
             Box::new(named(\"],\")),\n            // last\n        ]",
        ),
    );
    check(
        "empty_lines",
        &lib("vec![\n            // nothing here\n        ]"),
    );
    check(
        "tabs",
        &lib("vec![\n            Box::new(m20220101_000001_posts::Migration),\n        ]")
            .replace("    ", "\t"),
    );
}

#[test]
fn crlf_and_a_byte_order_mark_survive() {
    let text = lib("vec![\n            Box::new(m20220101_000001_posts::Migration),\n        ]");
    check("crlf", &text.replace('\n', "\r\n"));
    let marked = registered(&format!("\u{feff}{text}"), &[NEW]);
    assert_eq!(marked, format!("\u{feff}{}", registered(&text, &[NEW])));
}

#[test]
fn module_lines_go_below_the_last_migration_module() {
    let list = lib("vec![Box::new(m20220101_000001_posts::Migration)]");
    let declare = |lines: &str| list.replace("mod m20220101_000001_posts;", lines);
    check(
        "public_with_comment",
        &declare(
            "mod helper;\n#[rustfmt::skip]\npub mod m20220101_000001_posts; // first\nmod other;",
        ),
    );
    check(
        "same_line",
        &declare("mod m20220101_000001_posts; mod zzz;"),
    );
    check(
        "behind_uses",
        &lib("vec![]").replace("mod m20220101_000001_posts;\n\n", ""),
    );
    check(
        "at_the_top",
        "pub struct M;\nimpl sea_orm_migration::MigratorTrait for M {\n    fn migrations() -> Vec<Box<dyn \
         X>> { vec![] }\n}",
    );
    check(
        "below_inner_attributes",
        "//! Migrations.\n\npub struct M;\nimpl MigratorTraitSelf for M {\n    fn migrations(&self) -> \
         Vec<Box<dyn X>> { vec![] }\n}",
    );
}

#[test]
fn several_migrations_are_registered_in_order() {
    let text = registered(
        &lib("vec![Box::new(m20220101_000001_posts::Migration)]"),
        &[NEW, "m20261123_120001_threadline_capture_posts"],
    );
    insta::assert_snapshot!("several_new", text);
}

#[test]
fn sea_orm_cli_still_sees_every_migration() {
    // The pattern by which `sea-orm-cli migrate generate` collects modules, spelled out.
    let text = registered(
        &lib("vec![Box::new(m20220101_000001_posts::Migration)]"),
        &[NEW],
    );
    let seen: Vec<_> = text
        .lines()
        .filter_map(|line| line.strip_prefix("mod ")?.strip_suffix(';'))
        .filter(|name| crate::migration::version::stamp(name).is_some())
        .collect();
    assert_eq!(seen, ["m20220101_000001_posts", NEW]);
}

#[track_caller]
fn refuses(text: &str, reason: &str) {
    assert_eq!(MigratorSource::parse(text).unwrap_err().to_string(), reason);
}

#[test]
fn a_list_that_is_built_up_is_refused() {
    let reason = "`fn migrations` is not one plain `vec![…]`";
    refuses(&lib("let mut all = vec![]; all.push(x); all"), reason);
    refuses(&lib("[vec![], vec![]].concat()"), reason);
    refuses(&lib("vec![].into_iter().chain(more()).collect()"), reason);
    refuses(&lib("other::migrations()"), reason);
    refuses(&lib("vec![Box::new(m1::Migration); 2]"), reason);
    refuses(&lib("if x { vec![] } else { vec![] }"), reason);
    refuses(
        "impl MigratorTrait for M { #[cfg(a)] fn migrations() { vec![] } #[cfg(b)] fn migrations() { \
         vec![] } }",
        reason,
    );
}

#[test]
fn a_file_without_one_migrator_is_refused() {
    refuses("fn main() {}", "the file has no `impl MigratorTrait`");
    refuses("fn main( {}", "the file is not valid rust");
    refuses(
        "#[cfg(test)] impl MigratorTrait for M { fn migrations() { vec![] } }",
        "the file has no `impl MigratorTrait`",
    );
    let twice = lib("vec![]").replace("pub struct", "impl MigratorTrait for N {} pub struct");
    refuses(&twice, "the file has more than one `impl MigratorTrait`");
}

#[test]
fn migrations_declared_in_another_file_are_refused() {
    refuses(
        &lib("vec![Box::new(crate::steps::m1::Migration)]"),
        "the listed migrations are not modules declared in this file",
    );
}
