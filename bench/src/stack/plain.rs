//! The handler of the example without Threadline, twice.

use actix_web::{
    HttpResponse,
    error::ErrorInternalServerError,
    web::{self, ServiceConfig},
};
use blog::entity::post;
use sea_orm::{ActiveModelTrait as _, DatabaseConnection, DbErr, Set, TransactionTrait as _};
use serde::Deserialize;

#[derive(Deserialize)]
struct CreatePost {
    post: NewPost,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPost {
    title: String,
    slug: String,
    author_email: Option<String>,
}

impl From<CreatePost> for post::ActiveModel {
    fn from(body: CreatePost) -> Self {
        Self {
            organisation: Set("harbour".to_owned()),
            title: Set(body.post.title),
            slug: Set(body.post.slug),
            author_email: Set(body.post.author_email),
            ..Default::default()
        }
    }
}

/// The insert as one statement, which is its own transaction.
pub(crate) fn autocommit(config: &mut ServiceConfig) {
    config.route("/api/posts", web::post().to(create));
}

/// The insert between BEGIN and COMMIT, as where more statements belong together.
pub(crate) fn transaction(config: &mut ServiceConfig) {
    config.route("/api/posts", web::post().to(create_in_transaction));
}

async fn create(
    db: web::Data<DatabaseConnection>,
    body: web::Json<CreatePost>,
) -> actix_web::Result<HttpResponse> {
    let new = post::ActiveModel::from(body.into_inner());
    answer(new.insert(db.get_ref()).await)
}

async fn create_in_transaction(
    db: web::Data<DatabaseConnection>,
    body: web::Json<CreatePost>,
) -> actix_web::Result<HttpResponse> {
    let new = post::ActiveModel::from(body.into_inner());
    let insert = async {
        let txn = db.begin().await?;
        let post = new.insert(&txn).await?;
        txn.commit().await?;
        Ok(post)
    };
    answer(insert.await)
}

fn answer(created: Result<post::Model, DbErr>) -> actix_web::Result<HttpResponse> {
    let post = created.map_err(ErrorInternalServerError)?;
    Ok(HttpResponse::Created().json(serde_json::json!({ "post": post })))
}
