//! Recording intent: [`record_action`].

use sea_orm::{
    ConnectionTrait, EntityTrait, FromQueryResult, QuerySelect,
    sea_query::{Alias, Expr, ExprTrait, Func},
};
use serde_json::{Map, Value};

use crate::{
    actor::ActorRef,
    entity::audit_action::{self, ActionStatus},
    error::{Error, Result, sqlstate},
    transaction::function,
};

/// Records what the application did, and why, in the current transaction.
///
/// By convention the name is `category.verb`. Actor, request id, correlation id and job id come
/// from the transaction's context unless the action names its own. Several actions per transaction
/// are fine, and so is one without any change of data.
///
/// ```no_run
/// # async fn example(txn: &sea_orm::DatabaseTransaction) -> threadline::Result<()> {
/// use threadline::record_action;
///
/// record_action("member.role_changed")
///     .category("member")
///     .reason("promotion")
///     .comment("Agreed with the team lead")
///     .details(serde_json::json!({"from": "writer", "to": "editor"}))
///     .insert(txn)
///     .await?;
/// # Ok(()) }
/// ```
pub fn record_action(name: impl Into<String>) -> RecordAction {
    RecordAction { fields: Map::new() }.text("name", name)
}

/// An action to be recorded; see [`record_action`].
#[derive(Clone, Debug)]
#[must_use = "nothing is recorded before `insert`"]
pub struct RecordAction {
    fields: Map<String, Value>,
}

impl RecordAction {
    fn text(mut self, field: &str, value: impl Into<String>) -> Self {
        self.fields
            .insert(field.to_owned(), Value::String(value.into()));
        self
    }

    /// Sets how it ended. Default: [`ActionStatus::Ok`].
    pub fn status(self, status: ActionStatus) -> Self {
        let text = match status {
            ActionStatus::Ok => "ok",
            ActionStatus::Error => "error",
        };
        self.text("status", text)
    }

    /// Sets what was done, for example `publish`. Default: none.
    pub fn verb(self, verb: impl Into<String>) -> Self {
        self.text("verb", verb)
    }

    /// Sets the area it belongs to, for example `post`. Default: none.
    pub fn category(self, category: impl Into<String>) -> Self {
        self.text("category", category)
    }

    /// Sets why, as a word or a code. Default: none.
    pub fn reason(self, reason: impl Into<String>) -> Self {
        self.text("reason", reason)
    }

    /// Sets why, in somebody's words. Default: none.
    pub fn comment(self, comment: impl Into<String>) -> Self {
        self.text("comment", comment)
    }

    /// Sets the actor. Default: the transaction's.
    pub fn actor(mut self, actor: ActorRef) -> Self {
        let actor = serde_json::to_value(actor).expect("an actor has string keys only");
        self.fields.insert("actor".to_owned(), actor);
        self
    }

    /// Sets the request id. Default: the transaction's.
    pub fn request_id(self, id: impl Into<String>) -> Self {
        self.text("request_id", id)
    }

    /// Sets the correlation id. Default: the transaction's.
    pub fn correlation_id(self, id: impl Into<String>) -> Self {
        self.text("correlation_id", id)
    }

    /// Sets the job id. Default: the transaction's.
    pub fn job_id(self, id: impl Into<String>) -> Self {
        self.text("job_id", id)
    }

    /// Sets free values, any JSON. Default: none.
    pub fn details(mut self, details: impl Into<Value>) -> Self {
        self.fields.insert("details".to_owned(), details.into());
        self
    }

    /// Records the action and gives it back as stored.
    ///
    /// # Errors
    /// [`Error::ActionWithoutActor`](crate::Error::ActionWithoutActor) when neither the action nor
    /// its transaction names an actor; [`Error::Refused`](crate::Error::Refused) when a field is
    /// empty, too long or not storable. The transaction has to be rolled back then.
    pub async fn insert<C: ConnectionTrait>(self, db: &C) -> Result<audit_action::Model> {
        let call = Func::cust(function("record_action"))
            .arg(Expr::val(Value::Object(self.fields).to_string()).cast_as("jsonb"));
        let mut select = audit_action::Entity::find();
        QuerySelect::query(&mut select)
            .from_clear()
            .from_function(call, Alias::new("audit_actions"));
        let row = db.query_one(QuerySelect::query(&mut select)).await;
        let row = row.map_err(|err| match sqlstate(&err).as_deref() {
            // A character that jsonb can't hold.
            Some("22P05") => Error::Refused { err },
            _ => err.into(),
        })?;
        let row = row.ok_or_else(|| sea_orm::DbErr::RecordNotInserted)?;
        Ok(audit_action::Model::from_query_result(&row, "")?)
    }
}
