//! The operator surface, and who sees what of it.

use std::convert::Infallible;

use actix_web::{HttpRequest, dev::HttpServiceFactory, middleware::from_fn, web};
use sea_orm::DatabaseConnection;
use threadline_actix::surface::{Access, OperatorSurface};

use crate::auth::{Operator, sign_in};

/// `/audit`, for those who may see everything.
pub(crate) fn admin(db: DatabaseConnection) -> impl HttpServiceFactory {
    web::scope("/audit")
        .service(OperatorSurface::new(db, admins))
        .wrap(from_fn(sign_in))
}

async fn admins(request: &HttpRequest) -> Result<Access, Infallible> {
    Ok(match Operator::of(request) {
        Some(Operator {
            organisation: None, ..
        }) => Access::Everything,
        _ => Access::Denied,
    })
}
