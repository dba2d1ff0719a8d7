//! What is measured.

use std::fmt;

use clap::ValueEnum;
use serde::{Serialize, Serializer};

use super::table::Shape;

/// A scenario by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(crate) enum Name {
    /// One row inserted
    Insert,
    /// One column of a row updated
    Update,
    /// Four columns of a row updated
    Update4,
    /// One row deleted
    Delete,
    /// A hundred rows inserted by a hundred statements of one transaction
    Tx100,
    /// One row inserted in a transaction with an audit context
    Context,
    /// Many rows inserted by one `INSERT … SELECT`
    BulkInsert,
    /// One column of many rows updated by one statement
    BulkUpdate,
    /// Many rows deleted by one statement
    BulkDelete,
    /// Many rows inserted by one `COPY FROM STDIN`
    Copy,
    /// One of sixty columns updated
    Wide,
    /// A text of 20 kB updated beside another one
    Toast,
    /// A row updated of whose columns two are masked and two excluded
    Redacted,
    /// One row inserted, by each of eight connections at once
    Concurrent8,
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let value = self.to_possible_value();
        f.write_str(value.as_ref().map_or("", |value| value.get_name()))
    }
}

impl Serialize for Name {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Whether a commit waits until its record is on the disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum SyncCommit {
    On,
    Off,
}

impl SyncCommit {
    /// As `synchronous_commit` takes it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::On => "on",
            Self::Off => "off",
        }
    }
}

/// What one measurement counts in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Unit {
    Transaction,
    Row,
}

/// A scenario under one kind of commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scenario {
    pub(crate) name: Name,
    pub(crate) sync: SyncCommit,
    /// How many units a measurement has.
    pub(crate) count: i64,
}

/// How much is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Effort {
    /// Transactions of one row each.
    single: i64,
    /// Transactions of one long row each.
    long: i64,
    /// Transactions of a hundred rows each.
    hundreds: i64,
    /// Rows of a statement.
    bulk: i64,
}

impl Effort {
    pub(crate) const FULL: Self = Self {
        single: 1000,
        long: 200,
        hundreds: 20,
        bulk: 50_000,
    };
    pub(crate) const QUICK: Self = Self {
        single: 16,
        long: 16,
        hundreds: 1,
        bulk: 500,
    };
}

impl Name {
    /// The table that it writes to.
    pub(crate) const fn shape(self) -> Shape {
        match self {
            Self::Wide => Shape::Wide,
            Self::Toast => Shape::Toast,
            Self::Redacted => Shape::Redacted,
            _ => Shape::Posts,
        }
    }

    /// What its figures are of.
    pub(crate) const fn unit(self) -> Unit {
        if self.is_bulk() {
            Unit::Row
        } else {
            Unit::Transaction
        }
    }

    /// Whether it is one statement over many rows.
    pub(crate) const fn is_bulk(self) -> bool {
        matches!(
            self,
            Self::BulkInsert | Self::BulkUpdate | Self::BulkDelete | Self::Copy
        )
    }

    /// Whether it makes its rows, and needs none to write to.
    pub(crate) const fn inserts(self) -> bool {
        matches!(
            self,
            Self::Insert
                | Self::Tx100
                | Self::Context
                | Self::BulkInsert
                | Self::Copy
                | Self::Concurrent8
        )
    }

    /// How many connections write.
    pub(crate) const fn writers(self) -> i64 {
        match self {
            Self::Concurrent8 => 8,
            _ => 1,
        }
    }

    /// How many rows a unit changes.
    pub(crate) const fn changes(self) -> i64 {
        match self {
            Self::Tx100 => 100,
            _ => 1,
        }
    }

    fn count(self, effort: Effort) -> i64 {
        match self {
            Self::Tx100 => effort.hundreds,
            Self::Toast => effort.long,
            name if name.is_bulk() => effort.bulk,
            _ => effort.single,
        }
    }
}

/// The scenarios of a run: those named, or all. The commit hardly matters to a statement over many rows.
pub(crate) fn scenarios(only: &[Name], effort: Effort) -> Vec<Scenario> {
    let chosen = |name: &Name| only.is_empty() || only.contains(name);
    Name::value_variants()
        .iter()
        .copied()
        .filter(chosen)
        .flat_map(|name| {
            let syncs: &[SyncCommit] = if name.is_bulk() {
                &[SyncCommit::On]
            } else {
                &[SyncCommit::On, SyncCommit::Off]
            };
            syncs.iter().map(move |&sync| Scenario {
                name,
                sync,
                count: name.count(effort),
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_has_every_scenario_by_its_name() {
        let found: Vec<String> = scenarios(&[], Effort::FULL)
            .iter()
            .map(|scenario| format!("{} {}", scenario.name, scenario.sync.as_str()))
            .collect();
        let both = "insert update update4 delete tx100 context";
        let bulk = "bulk_insert bulk_update bulk_delete copy";
        let last = "wide toast redacted concurrent8";
        let twice = |names: &str| -> Vec<String> {
            let names = names.split(' ');
            names
                .flat_map(|name| [format!("{name} on"), format!("{name} off")])
                .collect()
        };
        let once = bulk.split(' ').map(|name| format!("{name} on")).collect();
        assert_eq!(found, [twice(both), once, twice(last)].concat());
    }

    #[test]
    fn only_the_named_scenarios_run() {
        let found = scenarios(&[Name::Copy], Effort::QUICK);
        assert_eq!(
            found,
            [Scenario {
                name: Name::Copy,
                sync: SyncCommit::On,
                count: 500
            }]
        );
    }
}
