//! Runs a program against the database and the model, and compares what the trail says.

use std::{
    collections::{BTreeMap, HashMap, HashSet},
    fmt::Write as _,
};

use chrono::{DateTime, Utc};
use proptest::test_runner::TestCaseError;
use sea_orm::{
    ConnectionTrait, DatabaseConnection, DbBackend, EntityTrait, FromQueryResult, Statement,
};
use threadline::{
    ActorRef, AuditChange, AuditContext, Audited, AuditedTransaction, AuditedTransactionExt,
    Snapshot, as_of,
};

use super::{
    model::{Event, Model},
    program::{Act, CONNECTIONS, KEYS, Step},
    table::{Key, Table, item, slot},
};
use crate::support::{TestDb, rows, run};

type Checked = Result<(), TestCaseError>;

macro_rules! check_eq {
    ($left:expr, $right:expr, $($what:tt)+) => {{
        let (left, right) = ($left, $right);
        if left != right {
            let what = format!($($what)+);
            return Err(TestCaseError::fail(format!("{what}\n   the trail: {left:?}\n   the model: {right:?}")));
        }
    }};
}

/// A moment after a commit.
struct Instant {
    at: DateTime<Utc>,
    seq: usize,
}

pub struct Run<'a> {
    db: &'a DatabaseConnection,
    connections: Vec<DatabaseConnection>,
    open: Vec<Option<AuditedTransaction>>,
    model: Model,
    instants: Vec<Instant>,
    /// Transactions of the program that forgot their context.
    reset: HashSet<usize>,
    /// How SeaORM reads a row, by its SELECT.
    seen: HashMap<String, String>,
}

impl<'a> Run<'a> {
    pub async fn new(test: &'a TestDb) -> Self {
        let mut model = Model::default();
        let mut sql = "SET session_replication_role = replica;
            TRUNCATE items, slots, threadline.audit_changes, threadline.audit_transactions"
            .to_owned();
        // Rows from before the capture: nothing is known of them until they change.
        for key in keys().filter(|key| key.n < 2) {
            let values = vec![0; key.table.columns().len()];
            write!(
                sql,
                "; INSERT INTO {} {}",
                key.table.name(),
                key.select(&values)
            )
            .unwrap();
            model.preload(key, values);
        }
        sql += "; SET session_replication_role = origin";
        run(&test.db, &sql).await;
        let mut connections = Vec::new();
        for settings in [
            "SET timezone = 'Asia/Kathmandu'; SET datestyle = 'SQL, DMY'",
            "SET extra_float_digits = -5; SET bytea_output = 'escape'",
            "SET search_path = public, pg_catalog",
        ] {
            let connection = test.pool(1).await;
            run(&connection, settings).await;
            connections.push(connection);
        }
        Self {
            db: &test.db,
            connections,
            open: (0..CONNECTIONS).map(|_| None).collect(),
            model,
            instants: Vec::new(),
            reset: HashSet::new(),
            seen: HashMap::new(),
        }
    }

    pub async fn program(mut self, steps: &[Step]) -> Checked {
        for step in steps {
            if !self.model.is_blocked(step.connection) {
                self.step(step).await?;
            }
        }
        for connection in 0..CONNECTIONS {
            self.commit(connection).await?;
        }
        self.transactions().await?;
        for key in keys() {
            match key.table {
                Table::Items => self.key::<item::Entity>(key, key.id()).await?,
                Table::Slots => {
                    self.key::<slot::Entity>(key, (key.area(), key.code()))
                        .await?;
                }
            }
        }
        for connection in self.connections {
            connection.close().await.unwrap();
        }
        Ok(())
    }

    async fn step(&mut self, step: &Step) -> Checked {
        let c = step.connection;
        let savepoints = self.model.savepoints(c);
        match &step.act {
            Act::Write(table, write) | Act::Single(table, write) | Act::Failed(table, write)
                if !self.model.allows(c, *table, write) => {}
            Act::Write(table, write) => {
                self.begin(c).await;
                self.sql(c, &step.sql()).await;
                self.model.write(c, *table, write);
            }
            Act::Single(table, write) if !self.model.is_open(c) => {
                self.sql(c, &step.sql()).await;
                let transaction = self.model.begin(c);
                self.reset.insert(transaction);
                self.model.write(c, *table, write);
                self.model.commit(c);
                self.instant().await?;
            }
            Act::Failed(..) | Act::Lock(..) | Act::ResetAll => {
                self.sql(c, &step.sql()).await;
                if matches!(step.act, Act::ResetAll) && self.model.is_open(c) {
                    self.reset.insert(self.model.transaction(c));
                }
            }
            Act::Savepoint if self.model.is_open(c) => {
                self.sql(c, &format!("SAVEPOINT s{savepoints}")).await;
                self.model.savepoint(c);
            }
            Act::RollbackTo(n) if savepoints > 0 => {
                let n = n % savepoints;
                self.sql(c, &format!("ROLLBACK TO SAVEPOINT s{n}")).await;
                self.model.rollback_to(c, n);
            }
            Act::Release(n) if savepoints > 0 => {
                let n = n % savepoints;
                self.sql(c, &format!("RELEASE SAVEPOINT s{n}")).await;
                self.model.release(c, n);
            }
            Act::Commit => self.commit(c).await?,
            Act::Rollback => {
                if let Some(transaction) = self.open[usize::from(c)].take() {
                    transaction.rollback().await.unwrap();
                    self.model.rollback(c);
                }
            }
            Act::Single(..) | Act::Savepoint | Act::RollbackTo(_) | Act::Release(_) => {}
        }
        Ok(())
    }

    async fn begin(&mut self, connection: u8) {
        let c = usize::from(connection);
        if self.open[c].is_none() {
            let transaction = self.model.begin(connection);
            let context = AuditContext::for_actor(ActorRef::job(transaction).unwrap());
            self.open[c] = Some(self.connections[c].begin_audited(&context).await.unwrap());
        }
    }

    async fn sql(&self, connection: u8, sql: &str) {
        let c = usize::from(connection);
        match &self.open[c] {
            Some(transaction) => run(transaction, sql).await,
            None => run(&self.connections[c], sql).await,
        }
    }

    async fn commit(&mut self, connection: u8) -> Checked {
        let Some(open) = self.open[usize::from(connection)].take() else {
            return Ok(());
        };
        let id = open.commit().await.unwrap();
        let changed = self.model.commit(connection);
        check_eq!(id.is_some(), changed, "whether a commit gives an id");
        self.instant().await
    }

    /// Remembers the moment, and proves that the model has followed the tables so far.
    async fn instant(&mut self) -> Checked {
        let row = rows(self.db, "SELECT clock_timestamp()")
            .await
            .pop()
            .unwrap();
        self.instants.push(Instant {
            at: row.try_get_by_index(0).unwrap(),
            seq: self.model.seq,
        });
        let items = item::Entity::find().all(self.db).await.unwrap();
        let slots = slot::Entity::find().all(self.db).await.unwrap();
        let mut there: Vec<_> = items.iter().map(|row| format!("{row:?}")).collect();
        there.extend(slots.iter().map(|row| format!("{row:?}")));
        there.sort_unstable();
        let mut expected = Vec::new();
        for (key, values) in self.model.committed.clone() {
            expected.push(self.read(key.table, key.select(&values)).await);
        }
        expected.sort_unstable();
        check_eq!(there, expected, "the tables themselves");
        Ok(())
    }

    /// How SeaORM reads a row.
    async fn read(&mut self, table: Table, select: String) -> String {
        if let Some(seen) = self.seen.get(&select) {
            return seen.clone();
        }
        let statement = Statement::from_string(DbBackend::Postgres, &select);
        let row = self.db.query_one_raw(statement).await.unwrap().unwrap();
        let text = match table {
            Table::Items => format!("{:?}", item::Model::from_query_result(&row, "").unwrap()),
            Table::Slots => format!("{:?}", slot::Model::from_query_result(&row, "").unwrap()),
        };
        self.seen.insert(select, text.clone());
        text
    }

    /// Every transaction of the program that changed something is one, with its actor.
    async fn transactions(&self) -> Checked {
        let sql = "SELECT concat_ws(' ', t.actor_id, c.table_name, c.op, c.table_pk)
              FROM threadline.audit_transactions t LEFT JOIN threadline.audit_changes c ON c.transaction_id = t.id
             ORDER BY t.id, c.captured_at, c.id";
        let there = rows(self.db, sql).await;
        let mut there: Vec<String> = there
            .iter()
            .map(|row| row.try_get_by_index(0).unwrap())
            .collect();
        let line = |event: &Event| {
            let key = event.key.map_or("{}".to_owned(), Key::recorded);
            let rest = format!("{} {} {key}", event.table.name(), event.op.as_str());
            (event.transaction, rest)
        };
        let lines: Vec<_> = self.model.events.iter().map(line).collect();
        let mut expected = Vec::new();
        for (transaction, rest) in &lines {
            let with_actor = format!("{transaction} {rest}");
            // After RESET ALL the actor is known if something was captured before.
            let is_there = there.contains(&with_actor);
            let forgot = self.reset.contains(transaction) && !is_there;
            expected.push(if forgot { rest.clone() } else { with_actor });
        }
        there.sort_unstable();
        expected.sort_unstable();
        check_eq!(there, expected, "the changes of the transactions");
        let sql = "SELECT transaction_id, array_agg(id) FROM threadline.audit_changes GROUP BY 1";
        let groups = rows(self.db, sql).await.len();
        let model: HashSet<_> = lines.iter().map(|(transaction, _)| transaction).collect();
        check_eq!(groups, model.len(), "the number of transactions");
        Ok(())
    }

    async fn key<E: Audited>(
        &mut self,
        key: Key,
        id: impl Into<<E::PrimaryKey as sea_orm::PrimaryKeyTrait>::ValueType> + Clone,
    ) -> Checked
    where
        <E::PrimaryKey as sea_orm::PrimaryKeyTrait>::ValueType: Clone,
    {
        let changes = E::history(id.clone()).all(self.db).await.unwrap();
        let in_order =
            changes.is_sorted_by_key(|change| std::cmp::Reverse((change.captured_at, change.id)));
        check_eq!(in_order, true, "the order of the history of {key:?}");
        let there: Vec<_> = changes.iter().rev().map(recorded).collect();
        let events = self.model.history(key, usize::MAX);
        let expected: Vec<_> = events.iter().map(|event| expected(event)).collect();
        check_eq!(there, expected, "the history of {key:?}");

        let mut questions = BTreeMap::new();
        for instant in &self.instants {
            let events = self.model.history(key, instant.seq);
            let last = events.last().map(|event| event.op);
            let filled = events.iter().rfind(|event| event.after.is_some());
            let row =
                filled.map(|event| (event.select.clone().unwrap(), event.after.clone().unwrap()));
            questions.insert(instant.at, (last, row));
        }
        for (at, (op, row)) in questions {
            let question = as_of::<E>(id.clone(), at);
            let image = question.fetch_image(self.db).await.unwrap();
            let model = question.fetch(self.db).await.unwrap();
            let image = show(image, |image| image.row.to_string());
            let model = show(model, |model| format!("{model:?}"));
            let gone = || {
                changes
                    .iter()
                    .find(|change| change.captured_at <= at)
                    .map(|change| change.captured_at)
            };
            let state = |row: String| match op {
                Some(threadline::Op::Delete | threadline::Op::Truncate) => {
                    format!("deleted {:?} {row}", gone())
                }
                _ => format!("present {row}"),
            };
            let (expected_model, expected_image) = match row {
                None => ("before horizon".to_owned(), "before horizon".to_owned()),
                Some((select, image)) => (state(self.read(key.table, select).await), state(image)),
            };
            check_eq!(image, expected_image, "the image of {key:?} at {at}");
            check_eq!(model, expected_model, "{key:?} at {at}");
        }
        Ok(())
    }
}

/// Every key, and one of each connection that nobody ever writes.
fn keys() -> impl Iterator<Item = Key> {
    Table::ALL.into_iter().flat_map(|table| {
        (0..CONNECTIONS).flat_map(move |connection| {
            (0..=KEYS).map(move |n| Key {
                table,
                connection,
                n,
            })
        })
    })
}

fn show<M>(snapshot: Snapshot<M>, text: impl Fn(M) -> String) -> String {
    match snapshot {
        Snapshot::Present(row) => format!("present {}", text(row)),
        Snapshot::Deleted { at, last } => format!("deleted {:?} {}", Some(at), text(last)),
        Snapshot::BeforeHorizon => "before horizon".to_owned(),
    }
}

fn recorded(change: &AuditChange) -> String {
    let text = |json: &Option<threadline::JsonText>| json.as_ref().map(ToString::to_string);
    format!(
        "{} {} {:?} {:?} {:?} {:?}",
        change.op.as_str(),
        change.table_pk,
        text(&change.data_after),
        change.changed_fields,
        text(&change.changed_from),
        text(&change.linked_pk)
    )
}

fn expected(event: &Event) -> String {
    let key = event.key.map_or("{}".to_owned(), Key::recorded);
    format!(
        "{} {key} {:?} {:?} {:?} {:?}",
        event.op.as_str(),
        event.after,
        event.fields,
        event.from,
        event.linked
    )
}
