//! One bounded step of a baseline.

use sea_orm::{
    ConnectionTrait, FromQueryResult, IsolationLevel, Statement, TransactionSession,
    TransactionTrait,
};

use super::{ContinuityError, captured};
use crate::{
    codegen::{self, BaselineSql, TableName},
    schema,
};

/// A leaf and how far the walk through it is.
pub(super) struct Walk {
    pub(super) table: TableName,
    pub(super) leaf: captured::Leaf,
    /// The key of the last row that was looked at; `None` before the first.
    pub(super) after: Option<String>,
}

/// What a step found and did.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Step {
    /// Rows that were looked at; fewer than asked for at the end of the table.
    pub(super) rows: u64,
    /// Rows that the trail lacked.
    pub(super) missing: u64,
    /// Rows that are in it now.
    pub(super) captured: u64,
    /// Rows that somebody else had locked.
    pub(super) skipped: u64,
}

#[derive(FromQueryResult)]
struct Row {
    place: String,
    pk: String,
    missing: bool,
}

impl Walk {
    /// Looks at the next rows without capturing them.
    pub(super) async fn look<C: TransactionTrait>(
        &mut self,
        rows: u32,
        db: &C,
    ) -> Result<Step, ContinuityError> {
        let (txn, sql) = self.begin(db).await?;
        let found = self.find(&sql, rows, &txn).await?;
        txn.rollback().await?;
        Ok(self.pass(&found))
    }

    /// Captures those of the next rows that the trail lacks. One short transaction.
    pub(super) async fn capture<C: TransactionTrait>(
        &mut self,
        rows: u32,
        context: &str,
        db: &C,
    ) -> Result<Step, ContinuityError> {
        let (txn, sql) = self.begin(db).await?;
        let found = self.find(&sql, rows, &txn).await?;
        let places: Vec<_> = found
            .iter()
            .filter(|row| row.missing)
            .map(|row| row.place.clone())
            .collect();
        let mut step = Step::default();
        if !places.is_empty() {
            let backend = txn.get_database_backend();
            let lock = Statement::from_sql_and_values(backend, &sql.lock, [places.clone().into()]);
            let locked: Vec<String> = txn
                .query_all_raw(lock)
                .await?
                .iter()
                .map(|row| row.try_get("", "place"))
                .collect::<Result<_, _>>()?;
            step.skipped = (places.len() - locked.len()) as u64;
            let call = format!("SELECT {}.set_context($1)", schema::current().quoted());
            txn.execute_raw(Statement::from_sql_and_values(
                backend,
                call,
                [context.into()],
            ))
            .await?;
            let capture = Statement::from_sql_and_values(backend, &sql.capture, [locked.into()]);
            step.captured = txn.execute_raw(capture).await?.rows_affected();
        }
        txn.commit().await?;
        Ok(Step {
            captured: step.captured,
            skipped: step.skipped,
            ..self.pass(&found)
        })
    }

    /// Opens the transaction of a step. While it is open, nobody can change the table's columns.
    async fn begin<C: TransactionTrait>(
        &self,
        db: &C,
    ) -> Result<(C::Transaction, BaselineSql), ContinuityError> {
        let txn = db
            .begin_with_config(Some(IsolationLevel::ReadCommitted), None)
            .await?;
        txn.execute_unprepared(&format!(
            "SET LOCAL lock_timeout = '5s'; SET LOCAL row_security = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off;
             LOCK TABLE {}, {} IN ROW SHARE MODE",
            self.table.quoted(),
            self.leaf.quoted
        ))
        .await?;
        let spec = captured::deployed(&self.table, &txn).await?;
        let key_types = captured::key_types(&spec, &txn).await?;
        let sql = codegen::baseline(
            schema::current(),
            &spec,
            &self.leaf.quoted,
            &self.leaf.name,
            &key_types,
        )?;
        txn.execute_unprepared(&codegen::pins()).await?;
        Ok((txn, sql))
    }

    async fn find<C: ConnectionTrait>(
        &self,
        sql: &BaselineSql,
        rows: u32,
        db: &C,
    ) -> Result<Vec<Row>, ContinuityError> {
        let limit = i64::from(rows).into();
        let backend = db.get_database_backend();
        let statement = match &self.after {
            None => Statement::from_sql_and_values(backend, &sql.look, [limit]),
            Some(key) => {
                Statement::from_sql_and_values(backend, &sql.look_on, [limit, key.clone().into()])
            }
        };
        Ok(Row::find_by_statement(statement).all(db).await?)
    }

    /// Notes what was looked at.
    fn pass(&mut self, found: &[Row]) -> Step {
        if let Some(last) = found.last() {
            self.after = Some(last.pk.clone());
        }
        Step {
            rows: found.len() as u64,
            missing: found.iter().filter(|row| row.missing).count() as u64,
            ..Step::default()
        }
    }
}
