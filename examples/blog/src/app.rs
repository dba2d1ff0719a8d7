//! The actix-web application, ready to be served or tested.

use actix_web::{
    App, Error,
    body::MessageBody,
    dev::{ServiceFactory, ServiceRequest, ServiceResponse},
    middleware::from_fn,
    web,
};
use sea_orm::DatabaseConnection;
use threadline_actix::RequestCapture;

use crate::{
    auth::{actor_from_request, authentication},
    error::ApiError,
    job::JobBell,
    route,
};

/// The application: routes inside of request capture inside of authentication.
pub fn app(
    db: DatabaseConnection,
    bell: JobBell,
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    App::new()
        .app_data(web::Data::new(db.clone()))
        .app_data(web::Data::new(bell))
        .app_data(web::JsonConfig::default().error_handler(|error, _| ApiError::Body(error).into()))
        .app_data(
            web::QueryConfig::default().error_handler(|error, _| ApiError::Query(error).into()),
        )
        .app_data(web::PathConfig::default().error_handler(|error, _| ApiError::Path(error).into()))
        .configure(|config| route::configure(db, config))
        .default_service(web::to(async || {
            Err::<String, _>(ApiError::NotFound("page"))
        }))
        .wrap(RequestCapture::new(actor_from_request).source("blog"))
        // Last, so that it runs first: the actor function reads what it leaves in the request.
        .wrap(from_fn(authentication))
}
