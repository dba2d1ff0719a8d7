//! What a timeline is filtered by.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, QueryFilter, QueryTrait, Select,
    sea_query::{Alias, CommonTableExpression, Expr, ExprTrait, Func, Query, SelectStatement},
};

use super::{
    page::fingerprint,
    row_ref::{found_schema, recorded_ref, row_ref_of},
    scope::ChangeScope,
};
use crate::{
    actor::{ActorKind, ActorRef},
    codegen::TableName,
    entity::{
        JsonText,
        audit_change::{self, Column, Op},
    },
    error::{Error, Result},
    schema,
};

#[derive(Clone, Debug, Default)]
pub(super) struct Filter {
    pub(super) entity: Option<EntityTable>,
    pub(super) schema: Option<String>,
    pub(super) table: Option<String>,
    pub(super) actor: Option<ActorFilter>,
    pub(super) request_id: Option<String>,
    pub(super) correlation_id: Option<String>,
    pub(super) op: Option<Op>,
    pub(super) changed_column: Option<String>,
    pub(super) from: Option<DateTime<Utc>>,
    pub(super) to: Option<DateTime<Utc>>,
    pub(super) transaction: Option<i64>,
    pub(super) action: Option<String>,
    pub(super) scope: Option<ChangeScope>,
    pub(super) record: Option<RecordKey>,
    /// How many columns the key has; that of a TRUNCATE has none.
    pub(super) key_columns: Option<u32>,
}

#[derive(Clone, Debug)]
pub(super) struct EntityTable {
    pub(super) quoted: String,
    pub(super) schema: Option<String>,
    pub(super) table: String,
}

#[derive(Clone, Debug)]
pub(super) enum ActorFilter {
    Is(ActorRef),
    Kind(ActorKind),
    Nobody,
}

/// One record, by its table and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RecordKey {
    pub(crate) table: TableName,
    pub(crate) key: JsonText,
    /// Whether the key is as the trail has it, and the table need not be there.
    pub(crate) as_recorded: bool,
}

impl RecordKey {
    pub(crate) fn row_ref(&self) -> CommonTableExpression {
        let key = Expr::val(self.key.as_str()).cast_as("jsonb");
        if self.as_recorded {
            recorded_ref(&self.table, key)
        } else {
            row_ref_of(self.table.quoted(), key)
        }
    }
}

impl Filter {
    pub(super) fn fingerprint(&self) -> u64 {
        fingerprint(&format!("timeline {self:?}"))
    }

    pub(super) fn check(&self) -> Result<()> {
        for (filter, text) in [
            ("table", &self.table),
            ("schema", &self.schema),
            ("request_id", &self.request_id),
            ("correlation_id", &self.correlation_id),
            ("changed_column", &self.changed_column),
            ("action", &self.action),
        ] {
            match text.as_deref() {
                Some("") => {
                    let reason = "it is empty; leave the filter out instead".to_owned();
                    return Err(Error::InvalidFilter { filter, reason });
                }
                Some(text) if text.contains('\0') => {
                    let reason = "it holds a NUL character".to_owned();
                    return Err(Error::InvalidFilter { filter, reason });
                }
                _ => {}
            }
        }
        if let (Some(from), Some(to)) = (self.from, self.to)
            && from > to
        {
            let reason = format!("it begins at {from}, after its end {to}");
            return Err(Error::InvalidFilter {
                filter: "from",
                reason,
            });
        }
        if self.record.is_some()
            && (self.entity.is_some() || self.table.is_some() || self.schema.is_some())
        {
            let reason = "the record already names the table".to_owned();
            return Err(Error::InvalidFilter {
                filter: "table",
                reason,
            });
        }
        if self.entity.is_some() && (self.table.is_some() || self.schema.is_some()) {
            let reason = "the entity already names the table and its schema".to_owned();
            return Err(Error::InvalidFilter {
                filter: "table",
                reason,
            });
        }
        Ok(())
    }

    /// All conditions at once, for one statement that finds everything.
    pub(super) fn apply(
        &self,
        query: Select<audit_change::Entity>,
    ) -> Select<audit_change::Entity> {
        self.of_change(query.filter(self.own_plan()))
            .apply_if(self.table_name(), |query, table| {
                query.filter(Column::TableName.eq(table))
            })
            .apply_if(self.from, |query, at| {
                query.filter(Column::CapturedAt.gte(at))
            })
            .apply_if(self.to, |query, at| {
                query.filter(Column::CapturedAt.lte(at))
            })
            .apply_if(self.transaction, |query, id| {
                query.filter(Column::TransactionId.eq(id))
            })
            .apply_if(self.transactions(), |query, ids| {
                query.filter(Column::TransactionId.in_subquery(ids))
            })
            .apply_if(self.action.as_deref(), |query, name| {
                query.filter(Column::TransactionId.in_subquery(of_action(name)))
            })
    }

    /// The name of the one table.
    pub(super) fn table_name(&self) -> Option<&str> {
        let entity = self.entity.as_ref().map(|entity| entity.table.as_str());
        entity.or(self.table.as_deref())
    }

    /// Whether there is more to fulfil than a table and a time.
    pub(super) fn has_conditions(&self) -> bool {
        self.entity.is_some()
            || self.schema.is_some()
            || self.op.is_some()
            || self.changed_column.is_some()
            || self.actor.is_some()
            || self.request_id.is_some()
            || self.correlation_id.is_some()
            || self.action.is_some()
            || self.scope.is_some()
            || self.key_columns.is_some()
            || (self.record.is_some() && self.transaction.is_some())
    }

    /// The filter that finds transactions by an index, and of several the one that usually finds
    /// the fewest.
    pub(super) fn key(&self) -> Option<Key> {
        if self.request_id.is_some() {
            Some(Key::Request)
        } else if self.correlation_id.is_some() {
            Some(Key::Correlation)
        } else if self.action.is_some() {
            Some(Key::Action)
        } else if matches!(self.actor, Some(ActorFilter::Is(_))) {
            Some(Key::Actor)
        } else {
            None
        }
    }

    /// Whether one key is all there is to fulfil, but for a time.
    pub(super) fn is_key_alone(&self) -> bool {
        let keys = [
            self.request_id.is_some(),
            self.correlation_id.is_some(),
            self.action.is_some(),
            self.actor.is_some(),
        ];
        keys.into_iter().filter(|is_set| *is_set).count() == 1
            && self.table_name().is_none()
            && self.schema.is_none()
            && self.op.is_none()
            && self.changed_column.is_none()
            && self.scope.is_none()
            && self.key_columns.is_none()
            && self.record.is_none()
            && self.transaction.is_none()
    }

    /// The conditions of each change, whose table and time are known already, and that it fulfils
    /// those of one key.
    pub(super) fn conditions(
        &self,
        known: Option<Key>,
        query: Select<audit_change::Entity>,
    ) -> Select<audit_change::Entity> {
        let action = self
            .action
            .as_deref()
            .filter(|_| known != Some(Key::Action));
        self.of_change(query)
            .apply_if(self.of_its_transaction(known), Select::filter)
            .apply_if(
                self.transaction.filter(|_| self.record.is_some()),
                |query, id| query.filter(Column::TransactionId.eq(id)),
            )
            .apply_if(action, |query, name| {
                let mut of_action = of_action(name);
                let id = Expr::col(("a", "transaction_id"));
                of_action
                    .clear_selects()
                    .expr(Expr::cust("true"))
                    .and_where(id.equals(("audit_changes", "transaction_id")))
                    .limit(1);
                query.filter(subquery(of_action))
            })
    }

    /// The conditions that the change itself has the columns for, but for table and time.
    fn of_change(&self, query: Select<audit_change::Entity>) -> Select<audit_change::Entity> {
        query
            .apply_if(self.scope.as_ref(), |query, scope| {
                // The markers of a record are there only where the record was in scope.
                query.filter(match &self.record {
                    Some(_) => scope.holds().or(Expr::col(Column::Op).eq(Op::Truncate)),
                    None => scope.holds(),
                })
            })
            .apply_if(self.entity.as_ref(), |query, entity| {
                let schema = match &entity.schema {
                    Some(schema) => Expr::val(schema),
                    None => found_schema(&entity.quoted),
                };
                query.filter(Expr::col(Column::TableSchema).eq(schema))
            })
            .apply_if(self.schema.as_deref(), |query, schema| {
                query.filter(Column::TableSchema.eq(schema))
            })
            .apply_if(self.op, |query, op| query.filter(Column::Op.eq(op)))
            .apply_if(self.changed_column.as_deref(), |query, column| {
                query.filter(
                    Expr::val(column).eq(Func::cust("ANY").arg(Expr::col(Column::ChangedFields))),
                )
            })
            .apply_if(self.key_columns, |query, number| {
                let key = Expr::col(Column::TablePk);
                query.filter(Expr::cust_with_exprs(
                    "(SELECT count(*) FROM jsonb_object_keys($1)) = $2",
                    [key, Expr::val(i64::from(number))],
                ))
            })
    }

    /// That the change's transaction has the context: a question about one row, never a join, so
    /// that it is asked only of changes on the way.
    fn of_its_transaction(&self, known: Option<Key>) -> Option<Expr> {
        let conditions = [Key::Request, Key::Correlation, Key::Actor]
            .into_iter()
            .filter(|key| known != Some(*key))
            .filter_map(|key| self.context(key))
            .reduce(ExprTrait::and)?;
        let table = (
            Alias::new(schema::current().as_str()),
            Alias::new("audit_transactions"),
        );
        let id = Expr::col(("t", "id"));
        let query = Query::select()
            .expr(conditions)
            .from_as(table, "t")
            .and_where(id.equals(("audit_changes", "transaction_id")))
            .to_owned();
        Some(subquery(query))
    }

    /// The condition of one part of the context, on a transaction `t`.
    fn context(&self, key: Key) -> Option<Expr> {
        let column = |name: &'static str| Expr::col(("t", name));
        match key {
            Key::Action => None,
            Key::Request => Some(column("request_id").eq(self.request_id.as_deref()?)),
            Key::Correlation => Some(column("correlation_id").eq(self.correlation_id.as_deref()?)),
            Key::Actor => Some(match self.actor.as_ref()? {
                ActorFilter::Nobody => column("actor_type").is_null(),
                ActorFilter::Kind(kind) => column("actor_type").eq(kind.as_str()),
                ActorFilter::Is(actor) => {
                    let kind = column("actor_type").eq(actor.kind().as_str());
                    kind.and(match actor.id() {
                        Some(id) => column("actor_id").eq(id),
                        None => column("actor_id").is_null(),
                    })
                }
            }),
        }
    }

    /// A condition that always holds, with a text of its own for each set of filter values.
    ///
    /// Some tables, actors, correlation ids and actions have a third of all changes, others have
    /// ten. PostgreSQL may keep one plan for a statement that a connection repeats, whatever its
    /// values; for one kind it then walks the whole trail, for the other it sorts it. With another
    /// text it is another statement with a plan of its own. The values themselves stay bound.
    fn own_plan(&self) -> Expr {
        let values = fingerprint(&format!(
            "{:?} {:?} {:?} {:?} {:?} {:?} {:?}",
            self.entity,
            self.schema,
            self.table,
            self.actor,
            self.correlation_id,
            self.action,
            self.scope
        ));
        Expr::cust(format!("'{values:016x}' IS NOT NULL"))
    }

    /// The transactions that the context filters allow, if there are any.
    fn transactions(&self) -> Option<SelectStatement> {
        [Key::Request, Key::Correlation, Key::Actor]
            .into_iter()
            .filter_map(|key| self.context(key))
            .reduce(ExprTrait::and)
            .map(transactions)
    }
}

/// What finds transactions by an index.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Key {
    Request,
    Correlation,
    Action,
    Actor,
}

impl Key {
    /// The ids of the transactions, as `id`; for an action some of them twice.
    pub(super) fn ids(self, filter: &Filter) -> SelectStatement {
        match self {
            Self::Action => {
                // A range of one hidden name: how frequent names are on average says nothing.
                let name = filter.action.as_deref().unwrap_or_default();
                let column = || Expr::col(("a", "name"));
                let value = || Expr::cust_with_values("(SELECT $1::text)", [name]);
                actions()
                    .and_where(column().gte(value()))
                    .and_where(column().lte(value()))
                    .to_owned()
            }
            _ => transactions(filter.context(self).unwrap_or_else(|| Expr::val(false))),
        }
    }

    /// The id within the statement of [`ids`](Self::ids).
    pub(super) const fn id_name(self) -> &'static str {
        match self {
            Self::Action => "a.transaction_id",
            _ => "t.id",
        }
    }
}

fn transactions(condition: Expr) -> SelectStatement {
    let table = (
        Alias::new(schema::current().as_str()),
        Alias::new("audit_transactions"),
    );
    Query::select()
        .expr_as(Expr::col(("t", "id")), "id")
        .from_as(table, "t")
        .and_where(condition)
        .to_owned()
}

/// The transactions that recorded an action, as often as they did.
fn of_action(name: &str) -> SelectStatement {
    actions()
        .and_where(Expr::col(("a", "name")).eq(name))
        .to_owned()
}

fn actions() -> SelectStatement {
    let table = (
        Alias::new(schema::current().as_str()),
        Alias::new("audit_actions"),
    );
    Query::select()
        .expr_as(Expr::col(("a", "transaction_id")), "id")
        .from_as(table, "a")
        .to_owned()
}

fn subquery(query: SelectStatement) -> Expr {
    Expr::SubQuery(None, Box::new(query.into()))
}
