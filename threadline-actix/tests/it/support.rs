use actix_web::{
    Error, HttpMessage as _,
    body::MessageBody,
    dev::{ServiceRequest, ServiceResponse},
    middleware::Next,
};
use sea_orm::{
    ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection, DbBackend, Statement,
};
use serde_json::Value;
use threadline::{
    ActorRef, AuditContext, AuditedTransactionExt as _, CapturePolicy, SchemaName,
    codegen::{capture, introspect},
    record_action,
};

/// What the host's authentication leaves in the request.
#[derive(Clone, Debug)]
pub(crate) struct CurrentUser(pub(crate) String);

/// The host's authentication: believes the `authorization` header, whoever sends it.
pub(crate) async fn authentication(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let user = request
        .headers()
        .get("authorization")
        .and_then(|value| value.to_str().ok());
    if let Some(user) = user.map(str::to_owned) {
        request.extensions_mut().insert(CurrentUser(user));
    }
    next.call(request).await
}

pub(crate) fn actor_from_request(request: &ServiceRequest) -> Option<ActorRef> {
    let user = request.extensions().get::<CurrentUser>().cloned()?;
    ActorRef::user(user.0).ok()
}

/// The parts of a response that a client sees.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) request_id: Option<String>,
    pub(crate) body: Value,
}

/// Reads a response, or the error that actix-web makes one of.
pub(crate) async fn answer<B: MessageBody + 'static>(
    response: Result<ServiceResponse<B>, Error>,
) -> Answer {
    let response = match response {
        Ok(response) => response.into_parts().1.map_into_boxed_body(),
        Err(error) => error.error_response().map_into_boxed_body(),
    };
    let status = response.status().as_u16();
    let request_id = response
        .headers()
        .get("x-request-id")
        .map(|value| value.to_str().unwrap().to_owned());
    let body = actix_web::body::to_bytes(response.into_body())
        .await
        .ok()
        .unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
    Answer {
        status,
        request_id,
        body,
    }
}

/// A database of its own for one test, with the audited table `notes`.
pub(crate) struct TestDb {
    url: String,
}

impl TestDb {
    pub(crate) async fn new(name: &str) -> Self {
        let server = launcher::test_server().unwrap();
        let name = format!("actix_{name}");
        let admin = Database::connect(server.url("postgres")).await.unwrap();
        for sql in [
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            format!("CREATE DATABASE {name}"),
        ] {
            admin.execute_unprepared(&sql).await.unwrap();
        }
        admin.close().await.unwrap();
        let test_db = Self {
            url: server.url(&name),
        };
        let db = test_db.connect(1).await;
        let table = "CREATE TABLE notes (id int PRIMARY KEY, title text NOT NULL)";
        db.execute_unprepared(table).await.unwrap();
        threadline::install(&db).await.unwrap();
        audited(&db, "notes").await;
        db.close().await.unwrap();
        test_db
    }

    pub(crate) async fn connect(&self, connections: u32) -> DatabaseConnection {
        let mut options = ConnectOptions::new(&self.url);
        options.max_connections(connections).sqlx_logging(false);
        Database::connect(options).await.unwrap()
    }
}

/// Captures the changes of a table.
pub(crate) async fn audited(db: &DatabaseConnection, table: &str) {
    audited_by(db, table, CapturePolicy::default()).await;
}

/// Captures the changes of a table by a policy.
pub(crate) async fn audited_by(db: &DatabaseConnection, table: &str, policy: CapturePolicy) {
    let (schema, table) = (SchemaName::default(), table.parse().unwrap());
    let spec = introspect(&schema, &table, policy, db).await.unwrap();
    let triggers = capture(&schema, &spec, None).unwrap().up;
    db.execute_unprepared(&triggers).await.unwrap();
}

/// Three transactions of Bob: two notes appear, one is renamed, one disappears.
pub(crate) async fn written(db: &DatabaseConnection) {
    let bob = AuditContext::for_actor(ActorRef::user("bob").unwrap())
        .request_id("req-1")
        .correlation_id("flow-1");
    for (action, sql) in [
        (
            "note.created",
            "INSERT INTO notes VALUES (1, 'first title'), (2, 'other')",
        ),
        (
            "note.renamed",
            "UPDATE notes SET title = 'second title' WHERE id = 1",
        ),
        ("note.deleted", "DELETE FROM notes WHERE id = 2"),
    ] {
        db.audited_transaction(&bob, async |txn| {
            txn.execute_unprepared(sql).await?;
            record_action(action).insert(txn).await?;
            Ok::<_, threadline::Error>(())
        })
        .await
        .unwrap();
    }
}

/// Every captured change as `op id actor request correlation`, oldest first.
pub(crate) async fn trail(db: &DatabaseConnection) -> Vec<String> {
    let sql = "
        SELECT concat_ws(' ', c.op, c.table_pk ->> 'id', coalesce(t.actor_type || ':' || t.actor_id, '-'),
                         coalesce(t.request_id, '-'), coalesce(t.correlation_id, '-')) AS line
        FROM threadline.audit_changes c JOIN threadline.audit_transactions t ON t.id = c.transaction_id
        ORDER BY c.captured_at, c.id";
    let rows = db
        .query_all_raw(Statement::from_string(DbBackend::Postgres, sql))
        .await
        .unwrap();
    rows.into_iter()
        .map(|row| row.try_get("", "line").unwrap())
        .collect()
}
