#![allow(clippy::unwrap_used)]
use actix_web::{App, HttpRequest, HttpServer, web};
use sea_orm::{ConnectOptions, ConnectionTrait, Database};
use threadline::{
    ActorRef, AuditContext, AuditedTransactionExt as _, CapturePolicy, SchemaName,
    codegen::{capture, introspect},
    health::{DeclaredTable, Health},
    record_action,
    retention::{Hold, RetentionPolicy, partitions, purge},
};
use threadline_actix::{
    RequestCapture,
    surface::{Access, OperatorSurface, Theme},
};
#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let server = std::env::var("SERVER").unwrap();
    let admin = Database::connect(format!("{server}/postgres"))
        .await
        .unwrap();
    admin
        .execute_unprepared("DROP DATABASE IF EXISTS preview WITH (FORCE)")
        .await
        .unwrap();
    admin
        .execute_unprepared("CREATE DATABASE preview")
        .await
        .unwrap();
    let mut o = ConnectOptions::new(format!("{server}/preview"));
    o.sqlx_logging(false);
    let db = Database::connect(o).await.unwrap();
    threadline::install(&db).await.unwrap();
    db.execute_unprepared("CREATE TABLE posts (id int primary key, title text, author_email text, body text); CREATE TABLE comments (id int primary key, body text, author_token text); CREATE TABLE users (id int primary key, email text, password_hash text); CREATE TABLE invoices (id int primary key, amount numeric); CREATE TABLE seaql_migrations (version text primary key); CREATE TABLE sessions (id int primary key); CREATE SCHEMA billing; CREATE TABLE billing.payments (id int primary key, card text); CREATE TABLE tags (id int primary key, label text)").await.unwrap();
    let policy = |mask: &[&str], exclude: &[&str]| CapturePolicy {
        mask: mask.iter().map(|s| s.to_string()).collect(),
        exclude: exclude.iter().map(|s| s.to_string()).collect(),
        ..Default::default()
    };
    for (t, p) in [
        ("posts", policy(&["author_email"], &[])),
        ("comments", policy(&[], &[])),
        ("users", policy(&["email"], &["password_hash"])),
        ("tags", policy(&[], &[])),
    ] {
        let spec = introspect(&SchemaName::default(), &t.parse().unwrap(), p, &db)
            .await
            .unwrap();
        db.execute_unprepared(&capture(&SchemaName::default(), &spec, None).unwrap().up)
            .await
            .unwrap();
    }
    db.execute_unprepared(
        "ALTER TABLE tags DISABLE TRIGGER ALL; ALTER TABLE posts ADD COLUMN subtitle text",
    )
    .await
    .unwrap();
    let ctx = AuditContext::for_actor(ActorRef::user("42").unwrap())
        .request_id("req-8c1f")
        .correlation_id("checkout-71");
    for (a, s) in [
        (
            "post.created",
            "INSERT INTO posts VALUES (1,'Hello','a@b.c','text'),(2,'Two','x@y.z','more')",
        ),
        (
            "post.renamed",
            "UPDATE posts SET title='Hello world' WHERE id=1",
        ),
        ("user.invited", "INSERT INTO users VALUES (1,'e@x.y','h')"),
        ("post.deleted", "DELETE FROM posts WHERE id=2"),
    ] {
        db.audited_transaction(&ctx, async |txn| {
            txn.execute_unprepared(s).await?;
            record_action(a).insert(txn).await?;
            Ok::<_, threadline::Error>(())
        })
        .await
        .unwrap();
    }
    let retention = RetentionPolicy::keep_days(400)
        .unwrap()
        .class(
            "short",
            30,
            [
                "sessions".parse().unwrap(),
                "billing.payments".parse().unwrap(),
            ],
        )
        .unwrap()
        .hold(Hold::actor(ActorRef::user(42).unwrap()))
        .unwrap();
    for _ in 0..3 {
        purge(&retention)
            .actor(ActorRef::admin("carol").unwrap())
            .run(&db)
            .await
            .unwrap();
    }
    partitions(&retention).run(&db).await.unwrap();
    let table = |n: &str, p: CapturePolicy| DeclaredTable {
        name: n.parse().unwrap(),
        policy: p,
        key: vec!["id".into()],
    };
    let health = Health::new()
        .declare([
            table("posts", policy(&["author_email"], &[])),
            table("comments", policy(&[], &["author_token"])),
            table("users", policy(&["email"], &["password_hash"])),
            table("invoices", policy(&[], &[])),
            table("tags", policy(&[], &[])),
        ])
        .expected_gaps(["sessions".parse().unwrap()]);
    HttpServer::new(move || {
        let actor = |_: &actix_web::dev::ServiceRequest| Some(ActorRef::admin("ada").unwrap());
        let authorize = async |_: &HttpRequest| Ok::<Access, std::io::Error>(Access::Everything);
        let surface = |theme| {
            OperatorSurface::new(db.clone(), authorize)
                .theme(theme)
                .health(health.clone())
                .retention(retention.clone())
        };
        App::new()
            .service(web::scope("/light").service(surface(Theme::Light)))
            .service(web::scope("/dark").service(surface(Theme::Dark)))
            .wrap(RequestCapture::new(actor))
    })
    .workers(1)
    .bind(("127.0.0.1", 8917))?
    .run()
    .await
}
