//! Two organisations that share tables, and now and then a transaction.

use sea_orm::ConnectionTrait;
use threadline::{
    ActorRef, AuditContext, AuditedTransactionExt, ChangeScope, Record, record, record_action,
};

use crate::support::TestDb;

/// What no reader of organisation 7 may find anywhere.
pub const SECRET: &str = "owned-by-eight";

pub const TABLES: &str = "
    CREATE TABLE notes (id bigint PRIMARY KEY, organisation_id int, body text);
    CREATE TABLE members (organisation_id int, person int, role text, PRIMARY KEY (organisation_id, person));";

/// Ids of transactions, by what they did.
pub struct Seed {
    pub test: TestDb,
    /// Only of organisation 7.
    pub own: i64,
    /// Of both.
    pub shared: i64,
    /// Only of organisation 8.
    pub foreign: i64,
    /// Moved note 3 from 8 to 7.
    pub moved_in: i64,
    /// Moved note 4 from 7 to 8.
    pub moved_out: i64,
    /// An action, and no change.
    pub bare: i64,
}

pub fn seven() -> ChangeScope {
    ChangeScope::column_is("organisation_id", 7)
}

pub fn note(id: i64) -> Record {
    let key = serde_json::from_str(&format!(r#"{{"id": {id}}}"#)).unwrap();
    record("notes".parse().unwrap(), key)
}

pub fn actor() -> ActorRef {
    ActorRef::user("nina").unwrap()
}

pub async fn seeded() -> Seed {
    let test = TestDb::with_tables(TABLES, &["notes", "members"]).await;
    let id = async |sql: &str, secret: bool| {
        let words = if secret { SECRET } else { "in order" };
        let ctx = AuditContext::for_actor(actor())
            .request_id("r-1")
            .correlation_id("c-1")
            .meta("note", words);
        let txn = test.db.begin_audited(&ctx).await.unwrap();
        if !sql.is_empty() {
            txn.execute_unprepared(sql).await.unwrap();
        }
        record_action("note.kept")
            .reason(words)
            .comment(words)
            .insert(&txn)
            .await
            .unwrap();
        txn.commit().await.unwrap().unwrap()
    };
    let own = id(
        "INSERT INTO notes VALUES (1, 7, 'a'); INSERT INTO members VALUES (7, 1, 'owner')",
        false,
    )
    .await;
    let shared = id(
        &format!(
            "UPDATE notes SET body = 'b' WHERE id = 1; INSERT INTO notes VALUES (2, 8, '{SECRET}')"
        ),
        true,
    )
    .await;
    let foreign = id(
        &format!(
            "INSERT INTO notes VALUES (3, 8, '{SECRET}'), (5, NULL, '{SECRET}');
             UPDATE notes SET body = '{SECRET}!' WHERE id = 2"
        ),
        true,
    )
    .await;
    let moved_in = id(
        "UPDATE notes SET organisation_id = 7, body = 'given' WHERE id = 3",
        false,
    )
    .await;
    id("INSERT INTO notes VALUES (4, 7, 'kept')", false).await;
    let moved_out = id(
        &format!("UPDATE notes SET organisation_id = 8, body = '{SECRET}' WHERE id = 4"),
        true,
    )
    .await;
    let bare = id("", true).await;
    Seed {
        test,
        own,
        shared,
        foreign,
        moved_in,
        moved_out,
        bare,
    }
}
