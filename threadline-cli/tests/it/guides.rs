//! The commands of the README and of the guides do what they are there for.

use crate::host::Host;

/// The `cargo threadline …` lines, in order.
fn commands(markdown: &str) -> Vec<Vec<&str>> {
    markdown
        .lines()
        .filter_map(|line| line.strip_prefix("$ cargo threadline "))
        .map(|line| line.split_whitespace().collect())
        .collect()
}

#[test]
fn the_commands_of_the_first_hour_write_their_migrations() {
    for guide in [
        include_str!("../../../README.md"),
        include_str!("../../../docs/getting-started.md"),
    ] {
        let host = Host::new();
        let said: Vec<_> = commands(guide)
            .iter()
            .map(|command| host.done(command.as_slice()))
            .collect();
        let [install, capture] = said.as_slice() else {
            panic!("{said:?}")
        };
        assert!(install.contains("_threadline_install.rs"), "{install}");
        assert!(capture.contains("_threadline_capture"), "{capture}");
    }
}
