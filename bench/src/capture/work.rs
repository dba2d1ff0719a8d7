//! The writes of one row at a time.

use chrono::{DateTime, TimeDelta, Utc};
use sea_orm::sqlx::{
    self, Connection as _, PgConnection, Postgres, postgres::PgArguments, query::Query,
};
use serde_json::json;

use super::scenario::Name;
use crate::error::{Error, Result};

const INSERT: &str = "INSERT INTO public.posts (author_id, title, body, status, meta, price, published_at, tags, digest, counter, updated_at)
  VALUES ($1, $2, $3, $4::text::public.post_status, $5, $6::text::numeric, $7, $8, $9, $10, $11)";
const UPDATE: &str = "UPDATE public.posts SET counter = counter + 1 WHERE id = $1";
const UPDATE_4: &str = "UPDATE public.posts SET title = $2, price = price + 1, counter = counter + 1, updated_at = $3 WHERE id = $1";
const DELETE: &str = "DELETE FROM public.posts WHERE id = $1";
const UPDATE_WIDE: &str = "UPDATE public.posts SET c30 = $2 WHERE id = $1";
const UPDATE_LONG: &str = "UPDATE public.posts SET draft = $2 WHERE id = $1";
const UPDATE_REDACTED: &str =
    "UPDATE public.posts SET title = $2, counter = counter + 1 WHERE id = $1";

/// What an audited transaction sends first and last.
const SET_CONTEXT: &str = "SELECT threadline.set_context($1)";
const CURRENT_TRANSACTION: &str = "SELECT CAST(threadline.current_transaction() AS int8)";
const CONTEXT: &str = r#"{"actor":{"type":"user","id":"42"},"request_id":"01890a5d-ac96-774b-bcce-b302099a8057","correlation_id":"checkout-7731","source":"bench"}"#;

/// How the transactions of a variant tell who acts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attribution {
    /// They do not.
    None,
    /// By Threadline's context.
    Context,
}

/// Does one unit of a scenario to the row of a key.
pub(crate) async fn write(
    name: Name,
    key: i64,
    attribution: Attribution,
    connection: &mut PgConnection,
) -> Result<()> {
    match name {
        Name::Tx100 => {
            let mut transaction = connection.begin().await?;
            for n in 0..name.changes() {
                one(insert(key * name.changes() + n), &mut transaction).await?;
            }
            Ok(transaction.commit().await?)
        }
        Name::Context => {
            let mut transaction = connection.begin().await?;
            if attribution == Attribution::Context {
                sqlx::query(SET_CONTEXT)
                    .bind(CONTEXT)
                    .execute(&mut *transaction)
                    .await?;
            }
            one(insert(key), &mut transaction).await?;
            if attribution == Attribution::Context {
                sqlx::query(CURRENT_TRANSACTION)
                    .execute(&mut *transaction)
                    .await?;
            }
            Ok(transaction.commit().await?)
        }
        Name::Update => one(sqlx::query(UPDATE).bind(key), connection).await,
        Name::Update4 => {
            let query = sqlx::query(UPDATE_4)
                .bind(key)
                .bind(format!("A better title {key}"))
                .bind(time(key));
            one(query, connection).await
        }
        Name::Delete => one(sqlx::query(DELETE).bind(key), connection).await,
        Name::Wide => {
            let query = sqlx::query(UPDATE_WIDE)
                .bind(key)
                .bind(format!("another value {key}"));
            one(query, connection).await
        }
        Name::Toast => {
            let query = sqlx::query(UPDATE_LONG).bind(key).bind(long_text(key));
            one(query, connection).await
        }
        Name::Redacted => {
            let query = sqlx::query(UPDATE_REDACTED)
                .bind(key)
                .bind(format!("A better title {key}"));
            one(query, connection).await
        }
        _ => one(insert(key), connection).await,
    }
}

/// A statement that changes no row measures nothing.
async fn one(query: Query<'_, Postgres, PgArguments>, connection: &mut PgConnection) -> Result<()> {
    match query.execute(connection).await?.rows_affected() {
        1 => Ok(()),
        found => Err(Error::Changed { expected: 1, found }),
    }
}

fn insert(key: i64) -> Query<'static, Postgres, PgArguments> {
    let digest: Vec<u8> = (0..32).map(|n| (key * 31 + n * 7) as u8).collect();
    let word = format!("{:016x} ", mix(key as u64));
    sqlx::query(INSERT)
        .bind(key % 1000)
        .bind(format!("Post {key}"))
        .bind(word.repeat(18))
        .bind(["draft", "published", "archived"][(key % 3) as usize])
        .bind(json!({"source": "api", "words": key % 5000, "pinned": key % 7 == 0}))
        .bind(format!("{}.{:02}", key % 1000, key % 100))
        .bind(time(key))
        .bind(vec!["audit".to_owned(), format!("tag{}", key % 50)])
        .bind(digest)
        .bind((key % 100) as i32)
        .bind(time(key + 1))
}

/// 20 kB that hardly compress.
fn long_text(key: i64) -> String {
    const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut state = key as u64;
    (0..20_000)
        .map(|_| {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            char::from(LETTERS[(mix(state) % 64) as usize])
        })
        .collect()
}

fn time(key: i64) -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::minutes(29_000_000 + key)
}

/// The last step of SplitMix64.
const fn mix(mut value: u64) -> u64 {
    value = (value ^ (value >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    value ^ (value >> 31)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn a_long_text_has_its_length_and_no_repetition() {
        let text = long_text(7);
        assert_eq!(text.len(), 20_000);
        assert_ne!(text, long_text(8));
        let parts: BTreeSet<&str> = (0..2000).map(|n| &text[n * 10..][..10]).collect();
        assert_eq!(parts.len(), 2000);
    }

    #[test]
    fn the_context_is_one_that_the_library_reads() {
        let context: threadline::AuditContext = serde_json::from_str(CONTEXT).unwrap();
        assert_eq!(
            serde_json::to_value(&context).unwrap(),
            serde_json::from_str::<serde_json::Value>(CONTEXT).unwrap()
        );
    }
}
