//! What a connection pooler between the command and the database gets in the way of.

use std::error::Error as StdError;

use sea_orm::{DbErr, RuntimeErr, sqlx};

const STATEMENTS: &str = "a pooler in transaction mode stands before the database and loses prepared statements: use the \
                          address of PostgreSQL itself, or set `max_prepared_statements` in PgBouncer 1.21 or newer";
const START: &str = "a pooler stands before the database: use the address of PostgreSQL itself, or set \
                     `ignore_startup_parameters = extra_float_digits` in PgBouncer";

/// What to do about an error that only a pooler makes.
pub(crate) fn help(error: &(dyn StdError + 'static)) -> Option<&'static str> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some((code, message)) = said(error) {
            match code.as_str() {
                "42P05" | "26000" => return Some(STATEMENTS),
                "08P01" if message.contains("startup parameter") => return Some(START),
                _ => {}
            }
        }
        cause = error.source();
    }
    None
}

/// The code and the message of the server or the pooler.
fn said(error: &(dyn StdError + 'static)) -> Option<(String, String)> {
    let err = match error.downcast_ref::<DbErr>() {
        Some(
            DbErr::Conn(RuntimeErr::SqlxError(err))
            | DbErr::Exec(RuntimeErr::SqlxError(err))
            | DbErr::Query(RuntimeErr::SqlxError(err)),
        ) => err.as_ref(),
        _ => error.downcast_ref::<sqlx::Error>()?,
    };
    let err = err.as_database_error()?;
    Some((err.code()?.into_owned(), err.message().to_owned()))
}
