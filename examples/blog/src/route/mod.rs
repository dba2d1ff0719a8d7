//! The routes of the API, a file for each subject.

mod audit;
mod comments;
mod posts;
mod records;
mod tags;
mod trail;

use actix_web::web::{self, ServiceConfig};
use sea_orm::DatabaseConnection;

pub(crate) fn configure(db: DatabaseConnection, config: &mut ServiceConfig) {
    config
        .service(
            web::scope("/api/posts")
                .route("", web::post().to(posts::create))
                .route(
                    "/publish_later",
                    web::post().to(posts::publish_drafts_later),
                )
                .route("/{id}", web::get().to(posts::show))
                .route("/{id}", web::patch().to(posts::update))
                .route("/{id}", web::delete().to(posts::delete))
                .route("/{id}/publish_later", web::post().to(posts::publish_later))
                .route("/{id}/comments", web::post().to(comments::create))
                .route("/{id}/tags/{tag}", web::put().to(tags::put))
                .route("/{id}/history", web::get().to(records::history))
                .route("/{id}/as_of", web::get().to(records::as_of)),
        )
        .route("/api/timeline", web::get().to(trail::timeline))
        .route(
            "/api/audit_transactions/{id}/changes",
            web::get().to(trail::incident),
        )
        .service(audit::admin(db.clone()))
        .service(audit::support(db));
}
