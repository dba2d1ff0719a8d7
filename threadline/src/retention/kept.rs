//! Why a month that is past its time stays.

use chrono::{DateTime, Utc};
use sea_orm::{ConnectionTrait, Statement, Value};

use super::{InvalidRetentionPolicy, Partition, RetentionError, preview::Rules};
use crate::{codegen::TableName, schema};

/// The time before a month, as it would be after the months before it were dropped.
#[derive(Debug, Default)]
pub(super) struct Older {
    gone: Vec<Stretch>,
}

/// A stretch of time; it begins with the first change where there is no beginning.
type Stretch = (Option<DateTime<Utc>>, DateTime<Utc>);

impl Older {
    /// Notes that a month would be dropped. They come in order of time.
    pub(super) fn gone(&mut self, month: &Partition) {
        if let Some(ends_at) = month.ends_at {
            self.gone.push((month.starts_at, ends_at));
        }
    }

    /// What would be left before a month.
    fn before(&self, month: DateTime<Utc>) -> Vec<Stretch> {
        let mut left = Vec::new();
        let mut from = None;
        for &(starts_at, ends_at) in &self.gone {
            if let Some(starts_at) = starts_at
                && from != Some(starts_at)
            {
                left.push((from, starts_at));
            }
            from = Some(ends_at);
        }
        if from != Some(month) {
            left.push((from, month));
        }
        left
    }
}

/// A table of which the month holds a change that has to stay.
pub(super) async fn what_stays<C: ConnectionTrait>(
    rules: &Rules,
    month: &Partition,
    older: &Older,
    db: &C,
) -> Result<Option<TableName>, RetentionError> {
    let month_of = [month.starts_at.into(), month.ends_at.into()];
    let [from, until]: [Value; 2] = month_of.clone();
    let stays =
        "what_stays($1::text::jsonb, coalesce($2::timestamptz, '-infinity'), $3::timestamptz)";
    if let Some(table) = first(stays, [rules.text.clone().into(), from, until], db).await? {
        return Ok(Some(table));
    }
    // Nothing is older than a month without a beginning.
    let Some(starts_at) = month.starts_at else {
        return Ok(None);
    };
    for (since, before) in older.before(starts_at) {
        let [from, until] = month_of.clone();
        let ends = "what_ends($1::timestamptz, $2::timestamptz, coalesce($3::timestamptz, '-infinity'), $4::timestamptz)";
        let values = [from, until, since.into(), before.into()];
        if let Some(table) = first(ends, values, db).await? {
            return Ok(Some(table));
        }
    }
    Ok(None)
}

/// The table that a function of the audit schema gives.
async fn first<C: ConnectionTrait>(
    call: &str,
    values: impl IntoIterator<Item = Value>,
    db: &C,
) -> Result<Option<TableName>, RetentionError> {
    let sql = format!(
        "SELECT s.table_schema, s.table_name FROM {}.{call} AS s",
        schema::current().quoted()
    );
    let statement = Statement::from_sql_and_values(db.get_database_backend(), sql, values);
    let Some(row) = db.query_one_raw(statement).await? else {
        return Ok(None);
    };
    let schema: String = row.try_get("", "table_schema")?;
    let table: String = row.try_get("", "table_name")?;
    Ok(Some(
        TableName::new(schema, table).map_err(InvalidRetentionPolicy::Table)?,
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(n: u32) -> Partition {
        Partition {
            name: n.to_string(),
            starts_at: Some(start(n)),
            ends_at: Some(start(n + 1)),
            estimated_rows: 0,
            bytes: 0,
        }
    }

    fn start(n: u32) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + chrono::Months::new(n)
    }

    #[test]
    fn before_a_month_is_what_would_not_be_dropped() {
        let mut older = Older::default();
        assert_eq!(older.before(start(3)), [(None, start(3))]);
        older.gone(&month(3));
        older.gone(&month(4));
        assert_eq!(older.before(start(5)), [(None, start(3))]);
        assert_eq!(
            older.before(start(6)),
            [(None, start(3)), (Some(start(5)), start(6))]
        );
        older.gone(&month(6));
        assert_eq!(
            older.before(start(7)),
            [(None, start(3)), (Some(start(5)), start(6))]
        );
        let mut older = Older::default();
        older.gone(&Partition {
            starts_at: None,
            ..month(3)
        });
        assert_eq!(older.before(start(4)), []);
    }
}
