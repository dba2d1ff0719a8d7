//! What the tables and the trail should hold after a program.

use std::collections::BTreeMap;

use threadline::Op;

use super::{
    program::{CONNECTIONS, Write},
    table::{Key, Table, Values},
};

pub type Rows = BTreeMap<Key, Values>;

/// A change that the trail should hold.
#[derive(Clone, Debug)]
pub struct Event {
    /// Counts the writes of the program.
    pub seq: usize,
    /// Counts the transactions of the program.
    pub transaction: usize,
    pub table: Table,
    /// `None` for a TRUNCATE.
    pub key: Option<Key>,
    pub op: Op,
    pub after: Option<String>,
    /// What SELECTs the row after it.
    pub select: Option<String>,
    pub fields: Option<Vec<&'static str>>,
    pub from: Option<String>,
    pub linked: Option<String>,
}

/// The tables as their writers see them, and what was committed.
#[derive(Default)]
pub struct Model {
    rows: Rows,
    pub committed: Rows,
    open: [Option<Open>; CONNECTIONS as usize],
    /// What is in the trail.
    pub events: Vec<Event>,
    pub seq: usize,
    pub transactions: usize,
}

struct Open {
    transaction: usize,
    begin: Rows,
    savepoints: Vec<(Rows, usize)>,
    events: Vec<Event>,
    truncated: bool,
}

impl Model {
    /// Adds a row that is there from the beginning.
    pub fn preload(&mut self, key: Key, values: Values) {
        self.rows.insert(key, values.clone());
        self.committed.insert(key, values);
    }

    /// Whether another connection's TRUNCATE is uncommitted, so that everybody would wait.
    pub fn is_blocked(&self, connection: u8) -> bool {
        self.others(connection).any(|open| open.truncated)
    }

    fn others(&self, connection: u8) -> impl Iterator<Item = &Open> {
        let others = self.open.iter().enumerate();
        others
            .filter(move |(i, _)| *i != usize::from(connection))
            .filter_map(|(_, open)| open.as_ref())
    }

    /// Whether the statement works: no duplicate key, no waiting.
    pub fn allows(&self, connection: u8, table: Table, write: &Write) -> bool {
        let has = |n: u8| {
            self.rows.contains_key(&Key {
                table,
                connection,
                n,
            })
        };
        match write {
            Write::Insert(n, _) => !has(*n),
            Write::Rekey(_, to, _) => !has(*to),
            Write::Truncate => self.others(connection).next().is_none(),
            _ => true,
        }
    }

    pub fn is_open(&self, connection: u8) -> bool {
        self.open[usize::from(connection)].is_some()
    }

    pub fn begin(&mut self, connection: u8) -> usize {
        self.transactions += 1;
        self.open[usize::from(connection)] = Some(Open {
            transaction: self.transactions,
            begin: self.rows.clone(),
            savepoints: Vec::new(),
            events: Vec::new(),
            truncated: false,
        });
        self.transactions
    }

    /// The number of the open transaction, 0 if there is none.
    pub fn transaction(&self, connection: u8) -> usize {
        let open = self.open[usize::from(connection)].as_ref();
        open.map_or(0, |open| open.transaction)
    }

    pub fn savepoint(&mut self, connection: u8) {
        let rows = self.rows.clone();
        if let Some(open) = &mut self.open[usize::from(connection)] {
            open.savepoints.push((rows, open.events.len()));
        }
    }

    pub fn savepoints(&self, connection: u8) -> usize {
        let open = self.open[usize::from(connection)].as_ref();
        open.map_or(0, |open| open.savepoints.len())
    }

    /// Rolls back to a savepoint, which stays.
    pub fn rollback_to(&mut self, connection: u8, n: usize) {
        let Some(mut open) = self.open[usize::from(connection)].take() else {
            return;
        };
        open.savepoints.truncate(n + 1);
        let (rows, events) = open.savepoints[n].clone();
        open.events.truncate(events);
        self.restore(connection, &rows, open.truncated);
        self.open[usize::from(connection)] = Some(open);
    }

    pub fn release(&mut self, connection: u8, n: usize) {
        if let Some(open) = &mut self.open[usize::from(connection)] {
            open.savepoints.truncate(n);
        }
    }

    pub fn rollback(&mut self, connection: u8) {
        if let Some(open) = self.open[usize::from(connection)].take() {
            self.restore(connection, &open.begin, open.truncated);
        }
    }

    /// Commits; gives whether the trail has something of it.
    pub fn commit(&mut self, connection: u8) -> bool {
        let Some(open) = self.open[usize::from(connection)].take() else {
            return false;
        };
        let is_own = |key: &Key| open.truncated || key.connection == connection;
        self.committed.retain(|key, _| !is_own(key));
        let own = self.rows.iter().filter(|(key, _)| is_own(key));
        self.committed
            .extend(own.map(|(key, values)| (*key, values.clone())));
        let changed = !open.events.is_empty();
        self.events.extend(open.events);
        changed
    }

    fn restore(&mut self, connection: u8, rows: &Rows, all: bool) {
        let is_own = |key: &Key| all || key.connection == connection;
        self.rows.retain(|key, _| !is_own(key));
        let own = rows.iter().filter(|(key, _)| is_own(key));
        self.rows
            .extend(own.map(|(key, values)| (*key, values.clone())));
    }

    /// Does what the statement does.
    pub fn write(&mut self, connection: u8, table: Table, write: &Write) {
        self.seq += 1;
        let key = |n: u8| Key {
            table,
            connection,
            n,
        };
        match write {
            Write::Insert(n, values) => self.put(key(*n), key(*n), values.clone()),
            Write::Upsert(n, values, columns) => {
                let mut after = values.clone();
                if let Some(before) = self.rows.get(&key(*n)) {
                    after.clone_from(before);
                    for &column in columns {
                        after[column] = values[column];
                    }
                }
                self.put(key(*n), key(*n), after);
            }
            Write::Update(n, sets) => self.set(key(*n), key(*n), sets),
            Write::UpdateRange(from, to, sets) => {
                for n in *from..=*to {
                    self.set(key(n), key(n), sets);
                }
            }
            Write::Delete(n) => self.delete(key(*n)),
            Write::DeleteRange(from, to) => {
                for n in *from..=*to {
                    self.delete(key(n));
                }
            }
            Write::Rekey(from, to, sets) => self.set(key(*from), key(*to), sets),
            Write::Truncate => {
                self.rows.retain(|key, _| key.table != table);
                self.record(connection, table, None, Op::Truncate, |_| {});
                if let Some(open) = &mut self.open[usize::from(connection)] {
                    open.truncated = true;
                }
            }
        }
    }

    fn set(&mut self, key: Key, to: Key, sets: &[(usize, usize)]) {
        if let Some(before) = self.rows.get(&key) {
            let mut after = before.clone();
            for &(column, value) in sets {
                after[column] = value;
            }
            self.put(key, to, after);
        }
    }

    fn put(&mut self, key: Key, to: Key, after: Values) {
        let (connection, table) = (key.connection, key.table);
        let image = to.image(&after);
        let select = to.select(&after);
        let before = self.rows.remove(&key);
        self.rows.insert(to, after.clone());
        let Some(before) = before else {
            return self.record(connection, table, Some(to), Op::Insert, |event| {
                event.after = Some(image);
                event.select = Some(select);
            });
        };
        let (fields, from) = key.difference(&before, to, &after);
        if fields.is_empty() {
            return;
        }
        if key != to {
            self.record(connection, table, Some(key), Op::Delete, |event| {
                event.after = Some(key.image(&before));
                event.select = Some(key.select(&before));
                event.fields = Some(fields.clone());
                event.linked = Some(to.recorded());
            });
        }
        self.record(connection, table, Some(to), Op::Update, |event| {
            event.after = Some(image);
            event.select = Some(select);
            event.fields = Some(fields);
            event.from = Some(from);
            event.linked = (key != to).then(|| key.recorded());
        });
    }

    fn delete(&mut self, key: Key) {
        if let Some(before) = self.rows.remove(&key) {
            self.record(key.connection, key.table, Some(key), Op::Delete, |event| {
                event.after = Some(key.image(&before));
                event.select = Some(key.select(&before));
            });
        }
    }

    fn record(
        &mut self,
        connection: u8,
        table: Table,
        key: Option<Key>,
        op: Op,
        fill: impl FnOnce(&mut Event),
    ) {
        let seq = self.seq;
        if let Some(open) = &mut self.open[usize::from(connection)] {
            let mut event = Event {
                seq,
                transaction: open.transaction,
                table,
                key,
                op,
                after: None,
                select: None,
                fields: None,
                from: None,
                linked: None,
            };
            fill(&mut event);
            open.events.push(event);
        }
    }

    /// The history of a key up to a moment of the program, oldest first: its own changes, and the
    /// TRUNCATEs that ended it.
    pub fn history(&self, key: Key, seq: usize) -> Vec<&Event> {
        let mut events: Vec<_> = self
            .events
            .iter()
            .filter(|event| event.seq <= seq)
            .collect();
        events.sort_by_key(|event| event.seq);
        let mut history: Vec<&Event> = Vec::new();
        for event in events {
            let alive = history
                .last()
                .is_some_and(|last| matches!(last.op, Op::Insert | Op::Update));
            if event.key == Some(key) || (event.key.is_none() && event.table == key.table && alive)
            {
                history.push(event);
            }
        }
        history
    }
}
