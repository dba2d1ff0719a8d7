use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, ColumnType, ConnectionTrait, DbBackend, EntityTrait, FromQueryResult, IdenStatic,
    Iterable, JoinType, Order, PrimaryKeyTrait, QueryResult, Statement,
    sea_query::{
        Alias, BinOper, CommonTableExpression, Expr, ExprTrait, Func, Query, SelectStatement,
        WithClause,
    },
};
use serde_json::{Map, Value};

use crate::{
    audited::Audited,
    codegen::{quote_ident, quote_literal},
    entity::{JsonText, audit_change::Op},
    error::{Error, Result, sqlstate},
    policy::MASK_PLACEHOLDER,
    query::{ChangeScope, ROW, ended_by_marker, holds_for, own_row, quoted_name, row_ref},
    schema,
};

use super::{Image, Snapshot};

/// Asks what the record looked like at an instant. Takes what `find_by_id` takes.
///
/// The database rebuilds the row itself, with the types that the table has now. Columns dropped
/// since are left out, columns added since are NULL unless [`AsOf::missing_as`] says otherwise.
/// A masked column of a text type holds its placeholder; any other masked or excluded column is
/// treated as missing: it is reported, never invented.
///
/// ```no_run
/// # mod post {
/// #     use sea_orm::entity::prelude::*;
/// #     #[derive(Clone, Debug, PartialEq, DeriveEntityModel, threadline::Audited)]
/// #     #[sea_orm(table_name = "posts")]
/// #     pub struct Model { #[sea_orm(primary_key)] pub id: i32, pub title: String }
/// #     #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
/// #     pub enum Relation {}
/// #     impl ActiveModelBehavior for ActiveModel {}
/// # }
/// # use post::Entity as Post;
/// # async fn example(db: &sea_orm::DatabaseConnection) -> threadline::Result<()> {
/// use threadline::{Snapshot, as_of};
///
/// let monday = "2026-11-23T09:00:00Z".parse().expect("a valid instant");
/// match as_of::<Post>(42, monday).fetch(db).await? {
///     Snapshot::Present(post) => println!("{}", post.title),
///     Snapshot::Deleted { at, last } => println!("deleted at {at}, was {}", last.title),
///     Snapshot::BeforeHorizon => println!("nothing is known of it so early"),
/// }
/// # Ok(()) }
/// ```
pub fn as_of<E: Audited>(
    id: impl Into<<E::PrimaryKey as PrimaryKeyTrait>::ValueType>,
    at: DateTime<Utc>,
) -> AsOf<E> {
    AsOf {
        id: id.into(),
        at,
        missing: Map::new(),
        scope: None,
    }
}

/// A question about one record at one instant; see [`as_of`].
#[must_use = "nothing is read before `fetch`"]
pub struct AsOf<E: Audited> {
    id: <E::PrimaryKey as PrimaryKeyTrait>::ValueType,
    at: DateTime<Utc>,
    missing: Map<String, Value>,
    scope: Option<ChangeScope>,
}

impl<E: Audited> std::fmt::Debug for AsOf<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AsOf")
            .field("id", &self.id)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}

impl<E: Audited> AsOf<E>
where
    <E::PrimaryKey as PrimaryKeyTrait>::ValueType: Clone,
{
    /// Sets what a column holds where the image has no value for it, as JSON. Default: NULL.
    pub fn missing_as(mut self, column: E::Column, value: impl Into<Value>) -> Self {
        self.missing
            .insert(column.as_str().to_owned(), value.into());
        self
    }

    /// Only what is in the scope. Default: all.
    ///
    /// When the newest change at the instant is out of scope, it is as if nothing were known of the
    /// record: [`Snapshot::BeforeHorizon`]. An older image that is in scope says nothing of that
    /// instant, and is not given.
    pub fn in_scope(mut self, scope: &ChangeScope) -> Self {
        self.scope = Some(scope.clone());
        self
    }

    /// Reads the record into its model.
    ///
    /// # Errors
    /// [`Error::Rebuild`] when the image does not fill the model, naming the columns without a
    /// value; [`AsOf::fetch_image`] gives the image then.
    pub async fn fetch<C: ConnectionTrait>(&self, db: &C) -> Result<Snapshot<E::Model>> {
        let row = match db.query_one(&self.query(true)).await {
            Ok(row) => row,
            // Class 22: the image has a value that today's column type does not take. Class 23: it has
            // none where a domain wants one.
            Err(err)
                if sqlstate(&err)
                    .is_some_and(|state| state.starts_with("22") || state.starts_with("23")) =>
            {
                return Err(Error::Rebuild {
                    not_recorded: Vec::new(),
                    err,
                });
            }
            Err(err) => return Err(err.into()),
        };
        let Some(row) = row else {
            return Ok(Snapshot::BeforeHorizon);
        };
        state(&row)?.try_map(|()| {
            E::Model::from_query_result(&row, "").map_err(|err| {
                let not_recorded = self.image(&row).map(|image| image.unfilled::<E>(&row));
                Error::Rebuild {
                    not_recorded: not_recorded.unwrap_or_default(),
                    err,
                }
            })
        })
    }

    /// Reads the recorded image, whatever the model looks like today.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn fetch_image<C: ConnectionTrait>(&self, db: &C) -> Result<Snapshot<Image>> {
        let Some(row) = db.query_one(&self.query(false)).await? else {
            return Ok(Snapshot::BeforeHorizon);
        };
        state(&row)?.try_map(|()| self.image(&row))
    }

    /// The statement that [`fetch`](Self::fetch) sends, for EXPLAIN.
    pub fn statement(&self, backend: DbBackend) -> Statement {
        backend.build(&self.query(true))
    }

    fn image(&self, row: &QueryResult) -> Result<Image> {
        image(row, E::Column::iter().map(|column| column.as_str()))
    }

    fn query(&self, rebuild: bool) -> SelectStatement {
        let mut select = at_instant(row_ref::<E>(self.id.clone()), self.at, self.scope.as_ref());
        if rebuild {
            self.rebuild(&mut select);
        }
        select
    }

    /// Adds the model's columns, rebuilt by the database from the image.
    fn rebuild(&self, select: &mut SelectStatement) {
        let texts: Vec<_> = E::Column::iter()
            .filter(|column| is_text(column.def().get_column_type()))
            .map(|column| quote_literal(column.as_str()))
            .collect();
        // A placeholder fits a text column only, and not one that is too short or has rules of its
        // own; elsewhere the masked column has no value.
        let shortest = 4 + MASK_PLACEHOLDER.len();
        let mut image = Expr::cust(format!(
            "(l.data_after - ARRAY(SELECT k.key FROM jsonb_each(l.data_after) AS k \
             WHERE k.value = '\"{MASK_PLACEHOLDER}\"' AND NOT (k.key = ANY (ARRAY[{}]::text[]) AND NOT EXISTS \
               (SELECT FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid WHERE a.attrelid = {}::regclass AND a.attname = k.key \
                 AND (a.atttypmod >= 0 AND a.atttypmod < {shortest} OR t.typtypmod >= 0 AND t.typtypmod < {shortest} \
                   OR EXISTS (SELECT FROM pg_constraint o WHERE o.contypid = t.oid AND o.contype = 'c'))))))",
            texts.join(", "),
            quote_literal(&quoted_name(&E::default())),
        ));
        if !self.missing.is_empty() {
            let missing = Expr::val(Value::Object(self.missing.clone()).to_string());
            image = missing
                .cast_as("jsonb")
                .binary(BinOper::Custom("||"), image);
        }
        // An exact text takes the place of what the image holds. Only JSON columns would read it as JSON.
        let json: Vec<_> = E::Column::iter()
            .filter(|column| json_type(column).is_some())
            .map(|column| quote_literal(column.as_str()))
            .collect();
        let exact = Expr::cust(format!(
            "coalesce(l.exact - ARRAY[{}]::text[], '{{}}')",
            json.join(", ")
        ));
        let image = image.binary(BinOper::Custom("||"), exact);
        let call = Func::cust("jsonb_populate_record")
            .arg(Expr::cust(format!("NULL::{}", quoted_name(&E::default()))))
            .arg(image);
        let row = Query::select()
            .expr(Expr::cust("r.*"))
            .from_function(call, "r")
            .to_owned();
        select.join_lateral(JoinType::InnerJoin, row, "r", Expr::cust("true"));
        for column in E::Column::iter() {
            select.expr_as(column.select_as(rebuilt(&column)), column.as_str());
        }
    }
}

/// The newest change of the record at the instant, and the TRUNCATE that ended it after that;
/// nothing where a purge may have taken what is asked for.
fn at_instant(
    row: CommonTableExpression,
    at: DateTime<Utc>,
    scope: Option<&ChangeScope>,
) -> SelectStatement {
    let changes = || {
        (
            Alias::new(schema::current().as_str()),
            Alias::new("audit_changes"),
        )
    };
    let last = Query::select()
        .expr(Expr::cust("c.*"))
        .from_as(changes(), "c")
        .and_where(Expr::cust(own_row("c")))
        .and_where(Expr::col(("c", "captured_at")).lte(at))
        .order_by_expr(Expr::cust("c.captured_at"), Order::Desc)
        .order_by_expr(Expr::cust("c.id"), Order::Desc)
        .limit(1)
        .to_owned();
    let ended = Query::select()
        .expr(Expr::cust("t.captured_at"))
        .from_as(changes(), "t")
        .and_where(ended_by_marker("t", None))
        .and_where(Expr::col(("t", "captured_at")).lte(at))
        .and_where(Expr::cust(
            "(t.captured_at, t.id) > (SELECT captured_at, id FROM threadline_last)",
        ))
        .order_by_expr(Expr::cust("t.captured_at"), Order::Asc)
        .order_by_expr(Expr::cust("t.id"), Order::Asc)
        .limit(1)
        .to_owned();
    let horizon = Query::select()
        .expr(Expr::cust("h.*"))
        .from_as(
            (
                Alias::new(schema::current().as_str()),
                Alias::new("audit_horizons"),
            ),
            "h",
        )
        .and_where(Expr::cust(format!(
            "(h.table_schema, h.table_name) IN (SELECT table_schema, table_name FROM {ROW} UNION ALL SELECT '', '')"
        )))
        .order_by_expr(Expr::cust("h.table_name"), Order::Desc)
        .limit(1)
        .to_owned();
    let cte = |name: &'static str, query| {
        let mut cte = CommonTableExpression::new();
        cte.table_name(name).query(query).materialized(true);
        cte
    };
    let mut select = Query::select();
    select
        .expr(Expr::cust(
            "l.transaction_id AS \"threadline:transaction_id\", l.captured_at AS \"threadline:captured_at\", \
             l.data_after::text AS \"threadline:image\", l.exact::text AS \"threadline:exact\", l.op AS \"threadline:op\", e.captured_at AS \"threadline:ended_at\", \
             ARRAY(SELECT jsonb_object_keys(l.data_after)) AS \"threadline:image_keys\"",
        ))
        .expr(Expr::cust(format!(
            "ARRAY(SELECT k.key FROM jsonb_each(l.data_after) AS k WHERE k.value = '\"{MASK_PLACEHOLDER}\"' ORDER BY k.key) AS \"threadline:masked\""
        )))
        .from_as("threadline_last", "l")
        .join_subquery(
            JoinType::LeftJoin,
            Query::select().expr(Expr::cust("*")).from("threadline_ended").to_owned(),
            "e",
            Expr::cust("true"),
        );
    // What was purged is no longer known: neither the time before the cutoff, nor what became of
    // a record of which only an older change was left.
    select.and_where(Expr::cust_with_values(
        "NOT EXISTS (SELECT FROM threadline_horizon h WHERE h.complete_since > $1 OR h.unreliable_before > l.captured_at)",
        [at],
    ));
    if let Some(scope) = scope {
        select.and_where(holds_for(scope, "l"));
    }
    select.with_cte(
        WithClause::new()
            .cte(row)
            .cte(cte("threadline_horizon", horizon))
            .cte(cte("threadline_last", last))
            .cte(cte("threadline_ended", ended))
            .to_owned(),
    );
    select
}

/// Reads the recorded image of a record whose entity is not known.
pub(crate) async fn fetch_image_of<C: ConnectionTrait>(
    row: CommonTableExpression,
    at: DateTime<Utc>,
    scope: Option<&ChangeScope>,
    db: &C,
) -> Result<Snapshot<Image>> {
    let Some(found) = db.query_one(&at_instant(row, at, scope)).await? else {
        return Ok(Snapshot::BeforeHorizon);
    };
    state(&found)?.try_map(|()| image(&found, []))
}

/// The image, and which of these columns it does not have.
fn image<'a>(row: &QueryResult, columns: impl IntoIterator<Item = &'a str>) -> Result<Image> {
    let text: String = row.try_get("", "threadline:image")?;
    let exact: Option<String> = row.try_get("", "threadline:exact")?;
    let keys: Vec<String> = row.try_get("", "threadline:image_keys")?;
    Ok(Image {
        row: JsonText::from_database(text),
        exact: exact.map(JsonText::from_database),
        masked: row.try_get("", "threadline:masked")?,
        not_recorded: columns
            .into_iter()
            .map(str::to_owned)
            .filter(|name| !keys.contains(name))
            .collect(),
        audit_transaction_id: row.try_get("", "threadline:transaction_id")?,
        captured_at: row.try_get("", "threadline:captured_at")?,
    })
}

/// The value of a column: of JSON, the exact text beside the image where there is one.
fn rebuilt<C: ColumnTrait>(column: &C) -> Expr {
    let value = format!("r.{}", quote_ident(column.as_str()));
    let Some(cast) = json_type(column) else {
        return Expr::cust(value);
    };
    let name = quote_literal(column.as_str());
    Expr::cust(format!("coalesce((l.exact ->> {name})::{cast}, {value})"))
}

fn json_type<C: ColumnTrait>(column: &C) -> Option<&'static str> {
    match column.def().get_column_type() {
        ColumnType::Json => Some("json"),
        ColumnType::JsonBinary => Some("jsonb"),
        ColumnType::Custom(name) => match name.to_string().as_str() {
            "json" => Some("json"),
            "jsonb" => Some("jsonb"),
            _ => None,
        },
        _ => None,
    }
}

fn is_text(column_type: &ColumnType) -> bool {
    matches!(
        column_type,
        ColumnType::String(_) | ColumnType::Text | ColumnType::Char(_)
    )
}

/// Whether the record was there, without its contents.
fn state(row: &QueryResult) -> Result<Snapshot<()>> {
    let op: Op = row.try_get("", "threadline:op")?;
    let ended: Option<DateTime<Utc>> = row.try_get("", "threadline:ended_at")?;
    Ok(match (ended, op) {
        (Some(at), _) => Snapshot::Deleted { at, last: () },
        (None, Op::Delete) => Snapshot::Deleted {
            at: row.try_get("", "threadline:captured_at")?,
            last: (),
        },
        (None, _) => Snapshot::Present(()),
    })
}

impl Image {
    /// The columns of the model for which the image has no value.
    fn unfilled<E: EntityTrait>(self, row: &QueryResult) -> Vec<String> {
        let filled = |column: &E::Column| {
            is_text(column.def().get_column_type())
                && matches!(
                    row.try_get::<Option<String>>("", column.as_str()),
                    Ok(Some(_))
                )
        };
        let masked = E::Column::iter()
            .filter(|column| !filled(column))
            .map(|column| column.as_str().to_owned())
            .filter(|name| self.masked.contains(name))
            .collect::<Vec<_>>();
        self.not_recorded.into_iter().chain(masked).collect()
    }
}
