use sea_orm::{
    Value,
    sea_query::{Condition, Expr, ExprTrait, PostgresQueryBuilder, Query},
};

use super::text::{self, Flaw};

/// Which changes a reader may see: a condition on `audit_changes` that narrows a read.
///
/// A read in a scope answers as if the changes for which the condition does not hold (is false or
/// NULL) were not there: they are on no page, in no count, and a page token of one scope is refused
/// in another. A transaction is there through its changes in scope only. What belongs to a
/// transaction as a whole and may speak of other changes (`meta`, a malformed context, the reason,
/// comment and details of actions) is shown only where all its changes are in scope, and none may have
/// been purged. Of a change that brought a row into the scope, the previous values are not recorded,
/// as far as the reader can tell.
///
/// Where the policy of a table excepts a column that the condition asks for, a move is known by the
/// change before it alone. Where that was purged, or came before the capture, the previous values
/// are shown: don't except such a column.
///
/// The condition is asked of every change on the way, of every audited table. It must not fail on any of them:
/// compare texts rather than casting, as [`column_is`](Self::column_is) does.
///
/// ```
/// use sea_orm::sea_query::Expr;
/// use threadline::{ChangeScope, timeline};
///
/// let own = ChangeScope::column_is("organisation_id", 7);
/// let shown = own.or(&ChangeScope::new(Expr::cust_with_values(
///     "audit_changes.table_name = 'organisations' AND audit_changes.table_pk ->> 'id' = $1",
///     ["7"],
/// ))?);
/// let query = timeline().in_scope(&shown);
/// # Ok::<(), threadline::InvalidScope>(())
/// ```
#[derive(Clone, PartialEq)]
pub struct ChangeScope {
    condition: Expr,
    /// The condition and its values, as text.
    text: String,
}

/// Why a condition is no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidScope {
    /// It has no conditions, so that it would narrow nothing.
    #[error("it is empty and would show everything; use `ChangeScope::nothing()` to show nothing")]
    Empty,
    /// Its SQL would reach beyond the condition.
    #[error("its SQL has {0}; write one expression, with values bound by `Expr::cust_with_values`")]
    Sql(String),
}

impl ChangeScope {
    /// Shows the changes for which the condition holds.
    ///
    /// Its columns are those of [`audit_change`](crate::entity::audit_change), by
    /// `audit_change::Column` or, in SQL of one's own, as `audit_changes.data_after`.
    ///
    /// # Errors
    /// When the condition is empty, or its SQL has a comment, a semicolon, or a quote or parenthesis
    /// that is not closed in it.
    pub fn new(condition: impl Into<Condition>) -> Result<Self, InvalidScope> {
        let condition: Condition = condition.into();
        if condition.is_empty() {
            return Err(InvalidScope::Empty);
        }
        let condition = Expr::from(condition);
        let mut query = Query::select();
        let (sql, _) = query.expr(condition.clone()).build(PostgresQueryBuilder);
        text::check(&sql).map_err(|flaw: Flaw| InvalidScope::Sql(flaw.to_string()))?;
        Ok(Self::of(condition))
    }

    /// Shows the changes whose row holds a value in a column, compared as text; see
    /// [`column_is_any`](Self::column_is_any).
    pub fn column_is(column: impl Into<String>, value: impl ToString) -> Self {
        Self::column_is_any(column, [value])
    }

    /// Shows the changes whose row holds one of the values in a column, compared as text.
    ///
    /// The row is what was recorded after the change; of a delete, the last row. Rows without the
    /// column, or in which it is masked or NULL, are out of scope.
    pub fn column_is_any<V: ToString>(
        column: impl Into<String>,
        values: impl IntoIterator<Item = V>,
    ) -> Self {
        let values: Vec<_> = values.into_iter().map(|value| value.to_string()).collect();
        let row = Expr::cust_with_values(
            "audit_changes.data_after ->> $1::text",
            [Value::from(column.into())],
        );
        Self::of(Expr::cust_with_expr("($1)", row).is_in(values))
    }

    /// Shows nothing.
    pub fn nothing() -> Self {
        Self::of(Expr::cust("false"))
    }

    /// Shows what either of two scopes shows.
    pub fn or(&self, other: &Self) -> Self {
        Self::of(self.holds().or(other.holds()))
    }

    /// Shows what both of two scopes show.
    pub fn and(&self, other: &Self) -> Self {
        Self::of(self.holds().and(other.holds()))
    }

    fn of(condition: Expr) -> Self {
        let mut query = Query::select();
        let text = query
            .expr(condition.clone())
            .to_string(PostgresQueryBuilder);
        Self { condition, text }
    }

    /// That the change is in scope, where the change is the row `audit_changes`. Never NULL, and
    /// closed in itself whatever its operators.
    pub(crate) fn holds(&self) -> Expr {
        Expr::cust_with_expr("(($1) IS TRUE)", self.condition.clone())
    }
}

impl std::fmt::Debug for ChangeScope {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("ChangeScope").field(&self.text).finish()
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::ColumnTrait;

    use super::*;
    use crate::entity::audit_change::Column;

    #[test]
    fn an_empty_condition_is_refused() {
        for empty in [Condition::all(), Condition::any()] {
            assert_eq!(ChangeScope::new(empty), Err(InvalidScope::Empty));
        }
    }

    #[test]
    fn sql_that_reaches_beyond_the_condition_is_refused() {
        for sql in [
            "true) OR (true",
            "true -- ",
            "true; DELETE FROM t",
            "'",
            "(true",
            "a /* b",
        ] {
            let scope = ChangeScope::new(Expr::cust(sql.to_owned()));
            assert!(matches!(scope, Err(InvalidScope::Sql(_))), "{sql}");
        }
    }

    #[test]
    fn a_scope_tells_itself_from_others_by_its_text() {
        let seven = ChangeScope::column_is("organisation_id", 7);
        assert_eq!(
            format!("{seven:?}"),
            format!("{:?}", ChangeScope::column_is("organisation_id", "7"))
        );
        assert_ne!(
            format!("{seven:?}"),
            format!("{:?}", ChangeScope::column_is("organisation_id", 8))
        );
        let by_column = ChangeScope::new(Column::TableName.eq("posts")).unwrap();
        assert_ne!(format!("{seven:?}"), format!("{by_column:?}"));
    }

    #[test]
    fn no_value_means_nothing_is_shown() {
        let none = ChangeScope::column_is_any("organisation_id", Vec::<i32>::new());
        let mut query = Query::select();
        let sql = query.expr(none.holds()).to_string(PostgresQueryBuilder);
        assert_eq!(sql, "SELECT ((1 = 2) IS TRUE)");
    }
}
