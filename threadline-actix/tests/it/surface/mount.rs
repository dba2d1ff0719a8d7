//! Where a surface may be mounted.

use actix_web::{App, dev::Service as _, middleware::from_fn, test::init_service, web};
use sea_orm::DatabaseConnection;
use threadline_actix::{RequestCapture, surface::OperatorSurface};

use super::site::{Got, get_from, read, request, surface};
use crate::support::{TestDb, actor_from_request, authentication};

/// Every address on a page begins with the mount, and the links of the navigation and assets work.
async fn check(got: &Got, mount: &str) {
    assert_eq!(got.status, 200, "{mount}: {}", got.body);
    let body = got.body.replace("&#x2f;", "/");
    for (attribute, _) in [("href=\"", ()), ("src=\"", ()), ("action=\"", ())] {
        for part in body.split(attribute).skip(1) {
            let address = part.split('"').next().unwrap();
            assert!(
                address.starts_with(&format!("{mount}/")) || address.starts_with('#'),
                "{mount}: {address}"
            );
        }
    }
}

#[actix_web::test]
async fn links_begin_at_the_mount_whatever_it_is() {
    let db = TestDb::new("mount_paths").await.connect(2).await;
    for (mount, path) in [
        ("/audit", "/audit"),
        ("/tools/audit", "/tools/audit"),
        ("/orgs/{org}/audit", "/orgs/7/audit"),
        ("/orgs/{org}/audit", "/orgs/a%2Fb%20c/audit"),
    ] {
        let page = get_from(surface(&db), mount, request(&format!("{path}/timeline"))).await;
        check(&page, path).await;
    }
}

#[actix_web::test]
async fn a_surface_may_be_all_of_an_app() {
    let db = TestDb::new("mount_root").await.connect(2).await;
    let app = App::new()
        .service(surface(&db))
        .wrap(RequestCapture::new(actor_from_request))
        .wrap(from_fn(authentication));
    let app = init_service(app).await;
    let response = app.call(request("/timeline").to_request()).await.unwrap();
    check(&read(response).await, "").await;
}

#[actix_web::test]
async fn a_prefix_that_a_proxy_takes_off_is_put_on_again() {
    let db = TestDb::new("mount_proxy").await.connect(2).await;
    let surface = surface(&db).public_path("/tools/audit/");
    let page = get_from(surface, "/audit", request("/audit/timeline")).await;
    check(&page, "/tools/audit").await;
}

fn two(db: &DatabaseConnection) -> (OperatorSurface, OperatorSurface) {
    (surface(db), surface(db))
}

#[actix_web::test]
async fn two_surfaces_in_one_app_keep_apart() {
    let db = TestDb::new("mount_two").await.connect(2).await;
    let (admin, support) = two(&db);
    let app = App::new()
        .service(web::scope("/admin/audit").service(admin))
        .service(web::scope("/support/audit").service(support))
        .wrap(RequestCapture::new(actor_from_request))
        .wrap(from_fn(authentication));
    let app = init_service(app).await;
    for mount in ["/admin/audit", "/support/audit"] {
        let request = request(&format!("{mount}/timeline")).to_request();
        let page = read(app.call(request).await.unwrap()).await;
        check(&page, mount).await;
    }
}
