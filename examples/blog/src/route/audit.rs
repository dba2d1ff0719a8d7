//! The operator surface twice, and who sees what of it.

use std::convert::Infallible;

use actix_web::{HttpRequest, dev::HttpServiceFactory, middleware::from_fn, web};
use sea_orm::DatabaseConnection;
use threadline::{ChangeScope, health::Health, retention::RetentionPolicy};
use threadline_actix::surface::{Access, OperatorSurface};

use crate::auth::{Operator, sign_in};

/// How long changes are to be kept. The blog shows it; a real application purges by it, see `docs/retention.md`.
const KEEP_DAYS: u32 = 400;

/// `/audit`, for those who may see everything.
pub(crate) fn admin(db: DatabaseConnection) -> impl HttpServiceFactory {
    let health = Health::linked().expect("no table has two policies");
    // The queue of jobs is no evidence of anything.
    let jobs = "jobs".parse().expect("it is a table's name");
    let surface = OperatorSurface::new(db, admins)
        .health(health.expected_gaps([jobs]))
        .retention(RetentionPolicy::keep_days(KEEP_DAYS).expect("it is at least a day"));
    web::scope("/audit").service(surface).wrap(from_fn(sign_in))
}

async fn admins(request: &HttpRequest) -> Result<Access, Infallible> {
    Ok(match Operator::of(request) {
        Some(Operator {
            organisation: None, ..
        }) => Access::Everything,
        _ => Access::Denied,
    })
}

/// `/support/audit`, for those who may see what belongs to an organisation.
pub(crate) fn support(db: DatabaseConnection) -> impl HttpServiceFactory {
    let surface = OperatorSurface::new(db, supporters)
        .scope_query(|organisation| ChangeScope::column_is("organisation", organisation));
    web::scope("/support/audit")
        .service(surface)
        .wrap(from_fn(sign_in))
}

async fn supporters(request: &HttpRequest) -> Result<Access<&'static str>, Infallible> {
    let organisation = Operator::of(request).and_then(|operator| operator.organisation);
    Ok(organisation.map_or(Access::Denied, Access::Scope))
}
