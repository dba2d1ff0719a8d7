use std::net::SocketAddr;

use actix_web::{
    HttpServer,
    dev::{ServerHandle, Service as _},
    http::{Method, header::HeaderMap},
    rt::{self, task::JoinHandle},
    test::{TestRequest, init_service},
};
use blog::{
    app::app,
    job::{JobBell, work},
    migration,
};
use sea_orm::{ConnectOptions, ConnectionTrait as _, Database, DatabaseConnection};
use serde_json::{Value, json};

/// A blog with a database of its own for one test.
pub(crate) struct Blog {
    pub(crate) db: DatabaseConnection,
}

/// The parts of a response that a client sees.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: HeaderMap,
    pub(crate) text: String,
    /// The text as JSON, if it is.
    pub(crate) body: Value,
}

impl Answer {
    /// The header's value, empty without one.
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .map(|value| value.to_str().unwrap())
            .unwrap_or_default()
    }
}

impl Blog {
    pub(crate) async fn new(name: &str) -> Self {
        // The cause of a 500 is in the log only.
        let _ = tracing_subscriber::fmt().with_test_writer().try_init();
        let server = launcher::test_server().unwrap();
        let name = format!("blog_{name}");
        let admin = Database::connect(server.url("postgres")).await.unwrap();
        for sql in [
            format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)"),
            format!("CREATE DATABASE {name}"),
        ] {
            admin.execute_unprepared(&sql).await.unwrap();
        }
        admin.close().await.unwrap();
        let mut options = ConnectOptions::new(server.url(&name));
        // As many as the embedded engine has: no route may need a second one.
        options.max_connections(1).sqlx_logging(false);
        let db = Database::connect(options).await.unwrap();
        migration::migrate(&db).await.unwrap();
        Self { db }
    }

    /// Serves the blog over HTTP, as `cargo run -p blog` does.
    pub(crate) fn serve(&self) -> Served {
        let (db, bell) = (self.db.clone(), JobBell::default());
        let worker = rt::spawn(work(db.clone(), bell.clone()));
        let server = HttpServer::new(move || app(db.clone(), bell.clone()))
            .workers(1)
            .bind(("127.0.0.1", 0))
            .unwrap();
        let address = server.addrs()[0];
        let server = server.run();
        let handle = server.handle();
        let ended = rt::spawn(server);
        Served {
            address,
            handle,
            ended,
            worker,
        }
    }

    /// Sends a request as it is.
    pub(crate) async fn send(&self, request: TestRequest) -> Answer {
        let app = init_service(app(self.db.clone(), JobBell::default())).await;
        let (status, headers, body) = match app.call(request.to_request()).await {
            Ok(response) => {
                let (_, response) = response.into_parts();
                let (head, body) = response.map_into_boxed_body().into_parts();
                (head.status(), head.headers().clone(), body)
            }
            Err(error) => {
                let (head, body) = error.error_response().into_parts();
                (head.status(), head.headers().clone(), body)
            }
        };
        let body = actix_web::body::to_bytes(body).await.ok().unwrap();
        let text = String::from_utf8(body.to_vec()).unwrap();
        Answer {
            status: status.as_u16(),
            headers,
            body: serde_json::from_str(&text).unwrap_or(Value::Null),
            text,
        }
    }

    /// Sends a request of Alice, in the flow `demo`.
    pub(crate) async fn alice(&self, method: Method, path: &str, body: Value) -> Answer {
        let mut request = TestRequest::with_uri(path)
            .method(method)
            .insert_header(("authorization", "Bearer demo-token-alice"))
            .insert_header(("x-correlation-id", "demo"));
        if !body.is_null() {
            request = request.set_json(body);
        }
        self.send(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.alice(Method::GET, path, Value::Null).await
    }

    /// Lets Alice write a post; gives its id and its audit transaction.
    pub(crate) async fn post(&self, title: &str, slug: &str) -> (i64, i64) {
        let email = "alice@example.com";
        let body = json!({"post": {"title": title, "slug": slug, "author_email": email}});
        let answer = self.alice(Method::POST, "/api/posts", body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let number = |value: &Value| value.as_i64().unwrap();
        (
            number(&answer.body["post"]["id"]),
            number(&answer.body["audit_transaction_id"]),
        )
    }
}

/// A blog that listens on a port of its own.
pub(crate) struct Served {
    pub(crate) address: SocketAddr,
    handle: ServerHandle,
    ended: JoinHandle<std::io::Result<()>>,
    worker: JoinHandle<()>,
}

impl Served {
    pub(crate) async fn stop(self) {
        self.handle.stop(true).await;
        self.ended.await.unwrap().unwrap();
        self.worker.abort();
    }
}

/// The `key` of every entry of a list.
pub(crate) fn each<'a>(list: &'a Value, key: &str) -> Vec<&'a Value> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry[key])
        .collect()
}
