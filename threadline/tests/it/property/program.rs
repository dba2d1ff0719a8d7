//! Random programs: steps of three connections that write.

use std::fmt;

use proptest::{collection::vec, prelude::*, sample::select};

use super::table::{Key, Table, Values};

pub const CONNECTIONS: u8 = 3;
/// Each connection writes under these keys, and under no other.
pub const KEYS: u8 = 3;

pub type Sets = Vec<(usize, usize)>;

/// One statement on rows of one connection.
#[derive(Clone, Debug)]
pub enum Write {
    Insert(u8, Values),
    /// The columns named last are updated on a conflict; none means DO NOTHING.
    Upsert(u8, Values, Vec<usize>),
    Update(u8, Sets),
    UpdateRange(u8, u8, Sets),
    Delete(u8),
    DeleteRange(u8, u8),
    Rekey(u8, u8, Sets),
    Truncate,
}

#[derive(Clone, Debug)]
pub enum Act {
    /// In the connection's transaction, which it opens if there is none.
    Write(Table, Write),
    /// On its own, if no transaction is open.
    Single(Table, Write),
    /// In a block that fails afterwards and catches its own error.
    Failed(Table, Write),
    Lock(Table, u8),
    Savepoint,
    RollbackTo(usize),
    Release(usize),
    ResetAll,
    Commit,
    Rollback,
}

#[derive(Clone)]
pub struct Step {
    pub connection: u8,
    pub act: Act,
}

pub fn programs() -> impl Strategy<Value = Vec<Step>> {
    let written = || {
        select(&Table::ALL)
            .prop_flat_map(|table| write(table).prop_map(move |write| (table, write)))
    };
    let act = prop_oneof![
        60 => written().prop_map(|(table, write)| Act::Write(table, write)),
        8 => written().prop_map(|(table, write)| Act::Single(table, write)),
        4 => written().prop_map(|(table, write)| Act::Failed(table, write)),
        3 => (select(&Table::ALL), 0..KEYS).prop_map(|(table, n)| Act::Lock(table, n)),
        8 => Just(Act::Savepoint),
        6 => (0..3usize).prop_map(Act::RollbackTo),
        4 => (0..3usize).prop_map(Act::Release),
        2 => Just(Act::ResetAll),
        14 => Just(Act::Commit),
        5 => Just(Act::Rollback),
    ];
    let connection = select(std::vec![0, 0, 0, 1, 1, 2]);
    let step = (connection, act).prop_map(|(connection, act)| Step { connection, act });
    vec(step, 1..90)
}

fn write(table: Table) -> impl Strategy<Value = Write> {
    let values = || {
        let cells = table.columns().iter().map(|column| 0..column.cells.len());
        cells.collect::<Vec<_>>()
    };
    let sets = move |at_least: usize| {
        let set = (0..table.columns().len())
            .prop_flat_map(move |column| (Just(column), 0..table.columns()[column].cells.len()));
        vec(set, at_least..4).prop_map(|mut sets: Sets| {
            sets.sort_unstable();
            sets.dedup_by_key(|(column, _)| *column);
            sets
        })
    };
    let key = || 0..KEYS;
    let columns = vec(0..table.columns().len(), 0..3).prop_map(|mut columns| {
        columns.sort_unstable();
        columns.dedup();
        columns
    });
    prop_oneof![
        14 => (key(), values()).prop_map(|(n, values)| Write::Insert(n, values)),
        8 => (key(), values(), columns).prop_map(|(n, values, columns)| Write::Upsert(n, values, columns)),
        12 => (key(), sets(1)).prop_map(|(n, sets)| Write::Update(n, sets)),
        5 => (key(), key(), sets(1)).prop_map(|(from, to, sets)| Write::UpdateRange(from, to, sets)),
        6 => key().prop_map(Write::Delete),
        2 => (key(), key()).prop_map(|(from, to)| Write::DeleteRange(from, to)),
        5 => (key(), key(), sets(0)).prop_map(|(from, to, sets)| Write::Rekey(from, to, sets)),
        1 => Just(Write::Truncate),
    ]
}

impl Write {
    pub fn sql(&self, table: Table, connection: u8) -> String {
        let name = table.name();
        let key = |n: u8| Key {
            table,
            connection,
            n,
        };
        let of = |n: u8| {
            let parts = key(n).sql().into_iter();
            let parts = parts.map(|(column, value)| format!("{column} = {value}"));
            parts.collect::<Vec<_>>().join(" AND ")
        };
        let between = |from: u8, to: u8| {
            let (first, last) = (key(from).sql(), key(to).sql());
            let parts = first.iter().zip(&last);
            let parts = parts.map(|((column, a), (_, b))| format!("{column} BETWEEN {a} AND {b}"));
            parts.collect::<Vec<_>>().join(" AND ")
        };
        match self {
            Self::Insert(n, values) => {
                format!("INSERT INTO {name} {}", key(*n).select(values))
            }
            Self::Upsert(n, values, columns) => {
                let sets = columns.iter().map(|&i| {
                    let column = table.columns()[i].name;
                    format!("\"{column}\" = excluded.\"{column}\"")
                });
                let update = match sets.collect::<Vec<_>>().join(", ") {
                    sets if sets.is_empty() => "NOTHING".to_owned(),
                    sets => format!("UPDATE SET {sets}"),
                };
                let insert = key(*n).select(values);
                let (key, _) = table.key_columns();
                format!(
                    "INSERT INTO {name} {insert} ON CONFLICT ({}) DO {update}",
                    key.join(", ")
                )
            }
            Self::Update(n, sets) => {
                format!("UPDATE {name} SET {} WHERE {}", assign(table, sets), of(*n))
            }
            Self::UpdateRange(from, to, sets) => {
                format!(
                    "UPDATE {name} SET {} WHERE {}",
                    assign(table, sets),
                    between(*from, *to)
                )
            }
            Self::Delete(n) => format!("DELETE FROM {name} WHERE {}", of(*n)),
            Self::DeleteRange(from, to) => {
                format!("DELETE FROM {name} WHERE {}", between(*from, *to))
            }
            Self::Rekey(from, to, sets) => {
                let (_, column) = table.key_columns();
                let moved = key(*to).sql().into_iter().find(|(name, _)| *name == column);
                let mut list = vec![format!("{column} = {}", moved.unwrap().1)];
                if !sets.is_empty() {
                    list.push(assign(table, sets));
                }
                format!("UPDATE {name} SET {} WHERE {}", list.join(", "), of(*from))
            }
            Self::Truncate => format!("TRUNCATE {name}"),
        }
    }
}

fn assign(table: Table, sets: &Sets) -> String {
    let list = sets.iter().map(|&(column, i)| {
        let column = &table.columns()[column];
        format!("\"{}\" = {}", column.name, column.cells[i].sql)
    });
    list.collect::<Vec<_>>().join(", ")
}

impl Step {
    pub fn sql(&self) -> String {
        match &self.act {
            Act::Write(table, write) | Act::Single(table, write) => {
                write.sql(*table, self.connection)
            }
            Act::Failed(table, write) => format!(
                "DO $do$ BEGIN {}; RAISE EXCEPTION 'no'; EXCEPTION WHEN raise_exception THEN NULL; END $do$",
                write.sql(*table, self.connection)
            ),
            Act::Lock(table, n) => {
                let key = Key {
                    table: *table,
                    connection: self.connection,
                    n: *n,
                };
                let (column, value) = key.sql().pop().unwrap();
                let area = key.sql().swap_remove(0);
                format!(
                    "SELECT FROM {} WHERE {} = {} AND {column} = {value} FOR UPDATE",
                    table.name(),
                    area.0,
                    area.1
                )
            }
            Act::Savepoint => "SAVEPOINT".to_owned(),
            Act::RollbackTo(n) => format!("ROLLBACK TO {n}"),
            Act::Release(n) => format!("RELEASE {n}"),
            Act::ResetAll => "RESET ALL".to_owned(),
            Act::Commit => "COMMIT".to_owned(),
            Act::Rollback => "ROLLBACK".to_owned(),
        }
    }
}

/// One line that can be read.
impl fmt::Debug for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let alone = if matches!(self.act, Act::Single(..)) {
            " alone"
        } else {
            ""
        };
        write!(f, "{}{alone}: {}", self.connection, self.sql())
    }
}
