//! A host with a surface, and what a browser gets of it.

use std::{collections::BTreeMap, convert::Infallible};

use actix_web::{
    App, HttpMessage as _, HttpRequest,
    dev::{Service as _, ServiceResponse},
    http::Method,
    middleware::from_fn,
    test::{TestRequest, init_service},
    web,
};
use sea_orm::DatabaseConnection;
use threadline_actix::{
    RequestCapture,
    surface::{Access, OperatorSurface},
};

use crate::support::{CurrentUser, actor_from_request, authentication};

/// What a client gets.
#[derive(Clone, Debug)]
pub(crate) struct Got {
    pub(crate) status: u16,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Got {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The addresses of the links whose text or attributes contain something.
    pub(crate) fn link(&self, containing: &str) -> Option<String> {
        let mut rest = self.body.as_str();
        while let Some(at) = rest.find("href=\"") {
            rest = &rest[at + 6..];
            let (href, behind) = rest.split_once('"').unwrap();
            let text = &behind[..behind.find("</a>").unwrap_or(behind.len())];
            if text.contains(containing) || href.contains(containing) {
                return Some(
                    href.replace("&amp;", "&")
                        .replace("&#x2f;", "/")
                        .replace("&#x3d;", "="),
                );
            }
        }
        None
    }
}

/// Alice sees everything, everybody else nothing.
pub(crate) async fn only_alice(request: &HttpRequest) -> Result<Access, Infallible> {
    let extensions = request.extensions();
    Ok(match extensions.get::<CurrentUser>() {
        Some(CurrentUser(name)) if name == "alice" => Access::Everything,
        _ => Access::Denied,
    })
}

/// The surface that most tests look at, at `/audit`.
pub(crate) fn surface(db: &DatabaseConnection) -> OperatorSurface {
    OperatorSurface::new(db.clone(), only_alice)
}

/// Gets a page as Alice.
pub(crate) async fn get(db: &DatabaseConnection, path: &str) -> Got {
    get_from(surface(db), "/audit", request(path)).await
}

/// A request of Alice.
pub(crate) fn request(path: &str) -> TestRequest {
    as_user("alice", path)
}

/// A request of somebody.
pub(crate) fn as_user(user: &str, path: &str) -> TestRequest {
    TestRequest::default()
        .method(Method::GET)
        .uri(path)
        .insert_header(("authorization", user))
        .insert_header(("x-request-id", "r-1"))
}

/// Sends a request to a host that has the surface at a path.
pub(crate) async fn get_from<S: 'static>(
    surface: OperatorSurface<S>,
    mount: &str,
    request: TestRequest,
) -> Got {
    read(respond(surface, mount, request).await).await
}

/// The same, its body not read.
pub(crate) async fn respond<S: 'static>(
    surface: OperatorSurface<S>,
    mount: &str,
    request: TestRequest,
) -> ServiceResponse {
    let app = App::new()
        .service(web::scope(mount).service(surface))
        .wrap(RequestCapture::new(actor_from_request))
        .wrap(from_fn(authentication));
    let app = init_service(app).await;
    let response = app.call(request.to_request()).await.unwrap();
    response.map_into_boxed_body()
}

pub(crate) async fn read<B: actix_web::body::MessageBody>(
    response: actix_web::dev::ServiceResponse<B>,
) -> Got {
    let status = response.status().as_u16();
    let headers = response
        .headers()
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().to_owned()))
        .collect();
    let body = actix_web::body::to_bytes(response.into_body())
        .await
        .ok()
        .unwrap();
    let body = String::from_utf8(body.to_vec()).unwrap();
    Got {
        status,
        headers,
        body,
    }
}
