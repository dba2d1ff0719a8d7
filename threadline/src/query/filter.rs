//! What a timeline is filtered by.

use chrono::{DateTime, Utc};
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QuerySelect, QueryTrait, Select,
    sea_query::{Expr, ExprTrait, Func, SelectStatement},
};

use super::{page::fingerprint, row_ref::found_schema};
use crate::{
    actor::ActorRef,
    entity::{
        audit_action,
        audit_change::{self, Column, Op},
        audit_transaction,
    },
    error::{Error, Result},
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
    Nobody,
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
        if self.entity.is_some() && (self.table.is_some() || self.schema.is_some()) {
            let reason = "the entity already names the table and its schema".to_owned();
            return Err(Error::InvalidFilter {
                filter: "table",
                reason,
            });
        }
        Ok(())
    }

    pub(super) fn apply(
        &self,
        query: Select<audit_change::Entity>,
    ) -> Select<audit_change::Entity> {
        query
            .filter(self.own_plan())
            .apply_if(self.entity.as_ref(), |query, entity| {
                let schema = match &entity.schema {
                    Some(schema) => Expr::val(schema),
                    None => found_schema(&entity.quoted),
                };
                query
                    .filter(Column::TableName.eq(&entity.table))
                    .filter(Expr::col(Column::TableSchema).eq(schema))
            })
            .apply_if(self.table.as_deref(), |query, table| {
                query.filter(Column::TableName.eq(table))
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
                let ids = audit_action::Entity::find()
                    .select_only()
                    .column(audit_action::Column::TransactionId)
                    .filter(audit_action::Column::Name.eq(name));
                query.filter(Column::TransactionId.in_subquery(ids.into_query()))
            })
    }

    /// A condition that always holds, with a text of its own for each set of filter values.
    ///
    /// Some tables, actors, correlation ids and actions have a third of all changes, others have
    /// ten. PostgreSQL may keep one plan for a statement that a connection repeats, whatever its
    /// values; for one kind it then walks the whole trail, for the other it sorts it. With another
    /// text it is another statement with a plan of its own. The values themselves stay bound.
    fn own_plan(&self) -> Expr {
        let values = fingerprint(&format!(
            "{:?} {:?} {:?} {:?} {:?} {:?}",
            self.entity, self.schema, self.table, self.actor, self.correlation_id, self.action
        ));
        Expr::cust(format!("'{values:016x}' IS NOT NULL"))
    }

    /// The transactions that the context filters allow, if there are any.
    fn transactions(&self) -> Option<SelectStatement> {
        use audit_transaction::Column as Tx;
        if self.actor.is_none() && self.request_id.is_none() && self.correlation_id.is_none() {
            return None;
        }
        let query = audit_transaction::Entity::find()
            .select_only()
            .column(Tx::Id)
            .apply_if(self.request_id.as_deref(), |query, id| {
                query.filter(Tx::RequestId.eq(id))
            })
            .apply_if(self.correlation_id.as_deref(), |query, id| {
                query.filter(Tx::CorrelationId.eq(id))
            })
            .apply_if(self.actor.as_ref(), |query, actor| match actor {
                ActorFilter::Nobody => query.filter(Tx::ActorType.is_null()),
                ActorFilter::Is(actor) => {
                    let query = query.filter(Tx::ActorType.eq(actor.kind().as_str()));
                    match actor.id() {
                        Some(id) => query.filter(Tx::ActorId.eq(id)),
                        None => query.filter(Tx::ActorId.is_null()),
                    }
                }
            });
        Some(query.into_query())
    }
}
