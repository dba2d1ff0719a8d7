//! The commands through PgBouncer in transaction mode.

use launcher::PgBouncer;

use crate::{
    database::TestDb,
    host::Host,
    json::{COMMANDS, captured},
};

/// PgBouncer with two connections to the database, on which other clients have left their statements.
fn pooled(test: &TestDb, host: &mut Host) -> (PgBouncer, [TestDb; 2]) {
    let pooler = PgBouncer::start(&test.url, 2, &[]).unwrap();
    let (server, _) = test.url.split_once('?').unwrap_or((&test.url, ""));
    let url = pooler.url(server.rsplit('/').next().unwrap());
    let others = [TestDb::open(&url), TestDb::open(&url)];
    // Each keeps its connection to the server while its transaction is open.
    for other in &others {
        other.run("BEGIN");
    }
    for other in &others {
        for n in 0..20 {
            assert_eq!(other.texts(&format!("SELECT '{n}'")), [n.to_string()]);
        }
    }
    for other in &others {
        other.run("COMMIT");
    }
    host.use_database(&url);
    (pooler, others)
}

#[test]
fn every_command_that_reads_works_through_a_pooler_in_transaction_mode() {
    let (mut host, test) = captured("pooled_reads");
    test.run("UPDATE items SET title = 'c'");
    // A baseline looks at the table in transactions of its own, as when it writes.
    let reading = COMMANDS
        .iter()
        .filter(|line| !line.contains("--execute") && !line.contains("baseline"));
    let words = |line: &&str| line.split(' ').map(str::to_owned).collect::<Vec<_>>();
    let direct: Vec<_> = reading.clone().map(|line| host.run(words(line))).collect();
    let (_pooler, _others) = pooled(&test, &mut host);
    for (line, direct) in reading.zip(direct) {
        assert!(matches!(direct.code, Some(0 | 1)), "{line}: {direct:?}");
        let said = host.run(words(line));
        assert_eq!(
            (said.code, &said.stderr),
            (direct.code, &direct.stderr),
            "{line}"
        );
        // The instants of these are those of the run, and checks of the coverage leave evidence each time.
        let own = ["retention", "as-of", "evidence"];
        if !own.iter().any(|word| line.contains(word)) {
            assert_eq!(said.stdout, direct.stdout, "{line}");
        }
    }
    host.write("migration/src/lib.rs", crate::host::LIB);
    host.done([
        "gen-triggers",
        "--migration-dir",
        "migration",
        "--tables",
        "items",
        "--source",
        "migration",
    ]);
}

#[test]
fn a_command_that_writes_works_or_says_what_to_do_about_the_pooler() {
    let (mut host, test) = captured("pooled_writes");
    let (pooler, _others) = pooled(&test, &mut host);
    let changes = || test.texts("SELECT count(*)::text FROM threadline.audit_changes");
    for line in [
        "retention purge --execute",
        "retention partitions --execute --ahead 14",
        "continuity baseline --table items --execute",
    ] {
        let before = changes();
        if pooler.keeps_statements() {
            host.done(line.split(' '));
            continue;
        }
        let said = host.refused(3, &line.split(' ').collect::<Vec<_>>());
        assert!(
            said.contains("help: a pooler in transaction mode stands before the database"),
            "{line}: {said}"
        );
        assert_eq!(changes(), before, "{line}");
    }
}

#[test]
fn a_pooler_that_refuses_the_driver_is_told_from_a_database_that_does() {
    let (mut host, test) = captured("pooled_start");
    let settings = [("ignore_startup_parameters", "")];
    let pooler = PgBouncer::start(&test.url, 1, &settings).unwrap();
    host.use_database(&pooler.url("postgres"));
    let said = host.refused(3, &["timeline"]);
    assert!(
        said.contains("help: a pooler stands before the database"),
        "{said}"
    );
}
